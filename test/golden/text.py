"""Golden matrices for the text vectorizers, from scikit-learn.

Made with Python 3.11 and scikit-learn 1.9.1 (the golden file says which it came from). From this folder:

    pip install scikit-learn==1.9.1
    python text.py

writes text.golden.json: documents to learn from and others, and for each case the vectorizer, its arguments, the terms,
and the columns and values of both. Values are float64.
"""

import json
import platform

import sklearn
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer

DOCUMENTS = [
    "The red rose is RED, red as a rose; a rose is a rose.",
    "Der Größe nach: GRÖSSE, Straße, straße — STRASSE!",
    "Съешь же ещё этих мягких французских булок, ЕЩЁ этих",
    "ΟΔΥΣΣΕΥΣ και Οδυσσεύς, ΣΟΦΟΣ σοφός",
    "我们的快速测试,我们 的 测试。東京タワー",
    "مرحبا بالعالم، العربية لُغَة جميلة ١٢٣",
    "नमस्ते दुनिया, हिन्दी भाषा में १२३",
    "สวัสดีชาวโลก ภาษาไทย ๑๒๓",
    "שלום עולם שָׁלוֹם עולם",
    "안녕하세요 세계, 한국어 세계",
    "გამარჯობა მსოფლიო ԲԱՐԵՎ ԱՇԽԱՐՀ բարեւ",
    "I ❤️ 👩‍👩‍👧 emoji 😀😀 ok 👍🏽 𝒳𝒴 𐐀𐐁 𐐨𐐩",
    "x_1 __init__ 3.14 don't e-mail@example.com ½ x² Ⅷ ⅧⅨ",
    "İstanbul ISPARTA ışık İİ ﬁne ﬃ Ångström naïve café cafe\u0301",
    "a\tb\n\nc\u00a0\u00a0d \u2003 e\u001cf\u0085\u0085g\ufeffh",
    "",
    "   ",
    "a b c",
    "the the the rose",
]
OTHERS = [
    "A rose, unseen; THE rose is the rose",
    "測試 我们的快速测试 страна этих мягких",
    "",
    "unknown words only",
    "café naïve 😀😀 हिन्दी भाषा",
]
# Fewer documents where every n-gram of characters has a column.
SHORT = [DOCUMENTS[i] for i in (1, 4, 6, 11, 14, 15, 16)]
RARE = ["aa bb cc", "aa bb bb", "aa dd dd dd", "aa bb ee"]

CASES = [
    ("Count", {}, DOCUMENTS),
    ("Count", {"ngram_range": (1, 2)}, DOCUMENTS),
    ("Count", {"ngram_range": (2, 3), "lowercase": False}, DOCUMENTS[:8]),
    ("Count", {"strip_accents": "unicode"}, DOCUMENTS),
    ("Count", {"strip_accents": "ascii", "lowercase": False}, DOCUMENTS),
    ("Count", {"stop_words": ["the", "is", "этих"], "ngram_range": (1, 2), "binary": True}, DOCUMENTS[:4]),
    ("Count", {"analyzer": "char", "ngram_range": (1, 2)}, SHORT),
    ("Count", {"analyzer": "char", "ngram_range": (3, 3), "lowercase": False}, SHORT[:3]),
    ("Count", {"analyzer": "char_wb", "ngram_range": (2, 4)}, SHORT),
    ("Count", {"analyzer": "char_wb", "ngram_range": (1, 1), "strip_accents": "unicode"}, DOCUMENTS),
    ("Count", {"min_df": 2}, DOCUMENTS),
    ("Count", {"max_df": 1}, DOCUMENTS[:5]),
    ("Count", {"min_df": 0.5, "max_df": 0.75}, RARE),
    ("Count", {"max_features": 2}, RARE),
    ("Count", {"max_features": 2, "binary": True}, RARE),
    ("Tfidf", {}, DOCUMENTS),
    ("Tfidf", {"ngram_range": (1, 2), "sublinear_tf": True}, DOCUMENTS),
    ("Tfidf", {"smooth_idf": False, "norm": "l1", "max_df": 3}, DOCUMENTS),
    ("Tfidf", {"norm": None, "binary": True, "min_df": 2}, DOCUMENTS),
    ("Tfidf", {"use_idf": False, "analyzer": "char_wb", "ngram_range": (3, 3)}, SHORT),
    ("Hashing", {}, DOCUMENTS),
    ("Hashing", {"n_features": 16, "ngram_range": (1, 2)}, DOCUMENTS),
    ("Hashing", {"n_features": 10, "norm": None, "alternate_sign": False}, DOCUMENTS),
    ("Hashing", {"n_features": 8, "norm": "l1", "analyzer": "char_wb", "ngram_range": (1, 3)}, DOCUMENTS),
    ("Hashing", {"n_features": 2**31 - 2, "binary": True, "norm": None, "stop_words": ["rose"]}, DOCUMENTS),
    ("Hashing", {"n_features": 4, "binary": True, "norm": None}, DOCUMENTS),
]
CLASSES = {"Count": CountVectorizer, "Tfidf": TfidfVectorizer, "Hashing": HashingVectorizer}


def rows(matrix):
    matrix.sort_indices()
    return {"starts": matrix.indptr.tolist(), "indices": matrix.indices.tolist(), "values": matrix.data.tolist()}


def golden(name, options, documents):
    vectorizer = CLASSES[name](**options)
    learned = rows(vectorizer.fit_transform(documents))
    return {
        "vectorizer": f"{name}Vectorizer",
        "options": options,
        "documents": documents if documents is not DOCUMENTS else None,
        "terms": None if name == "Hashing" else vectorizer.get_feature_names_out().tolist(),
        "learned": learned,
        "others": rows(vectorizer.transform(OTHERS)),
    }


with open("text.golden.json", "w") as output:
    json.dump(
        {
            "program": f"scikit-learn {sklearn.__version__}, Python {platform.python_version()}",
            "documents": DOCUMENTS,
            "others": OTHERS,
            "cases": [golden(*case) for case in CASES],
        },
        output,
        ensure_ascii=True,
    )
    output.write("\n")
