// features: which characters make words, which are blank, and how case and accents go, the same in every engine.

/**
 * Where characters of words begin and end, in Unicode 14: letters, numbers and _, which is \w in Python 3.11.
 * Distances between changes, as test/golden/text-unicode.py encodes them: an engine's \p{L} depends on its version.
 */
export const WORD_TABLE =
  // biome-ignore format: one string
  'X2/B,))BW)/*))+*)+)?)G)fR,46-/)))`A-)**,)).))+)))<)_G)`K0a2)N*).Q_;C,,US=2,*)_W))7*/7*)8))FE_M3)6S1*,)->,)1)+)?A/3-@).9R_._*+):)/2,2)8,0***>)/))+,+)8)5*)+,4*.*)0.,**>)/)*)*)*G,))/2*+81)+)>)/)*)-+):)7*,21)30***>)/)*)-+)F*)+,2)/3)).++),+*)))*+*+++4>)=5:0)+)?)8+)B+*)**,20/)),0)+)?)2)-+)G*)*,2)*91)+)Q*)8)-+)2,;).-:+@)1))*/G29X)*4/12O*)))-)@)))2)*1)*-))12*,H)G<40)LC-`3S<3..,,+)+*/+,54))2.N))-)*S)d=),*/))),*Q),*I),*/))),*7)_-),*_76<+88_J*.+iX*9)B-_?+3/:5;6:65)+7_(K),)+2.2>2._M/-*J))-_:2GOP*-3T,B.3M?1_)S2.25)_QW90+2QF5_,BLD2+Y*1/S*+Q,).)*+)-aL_4c:*.*N*.*0)))))))G*_))/))++)/+,*.,5-+)/`3**.-3.5_Y),)*2))+-.)))))),)3*,--,))_.kZ_0_B>j.FsPb=.,+*1)*N))-)*_,/)8?1/)/)/)/)/)/)/)/_D)g)+A1/-*-,_J.+)_N),-S)_R+,2HX8H2F0)7H2O7d0a|P_4kh-_7V*c1+D<W8G*_DO1*_[*_4-*)))-@8)+),)?5.2_(6ZD2@.+))*)N2?AE/WD3.-)A)Q?+)0,2.?+)+Z))+**-*)))@+*3/+4.*.*.1/)/)S)6.`352.dtT4?,Yc`De**`*N/4--))2)5)-)))*)*)`,Id[:_4*_*P4`4-)`G;2/B.B3_M+.*.*.*+K4)B);)*)7*6J`;4U4_-9*bLE+Y8C,L1F-N2F*L,0)-Ra**2.L,L,P0_(43)7)/)*)3)7)/)*_7c[1>20@.)R)1_9.*))T)*+)*?*G*N01X;)*-I,B_:_,,<*W7,)+)E21?G)HH0)D.-8_*2>*C-B?/_D_=_+[5[/R42cJG)R.*_BP0>3,C:VD<?4_)BF)**)5UHA/21L72,)*)0K+)4X6,33)),<3:)A_H/))),)7)2/W9230***>)/)*)-+):)4-a*_):,-2-+FX<*))02a2WQ,LX<)32NS5)/2_*C=4,/aET`4_G40*)*0)*)@7)))62_:0*O8)))D)2P/)=)3V;):_=c+1)M9)7E-F`0/)*)N=)12..)*)H6)/2cZ;aI)7=SoN_Z`/9aP_pL_U7rG`kUi3cd)hY/G)2._C)2.F:X8,42)/)=-;k4_K`)_?-)_65_4*))Dat(0uRR1ciS,)/)*)cGU+9,0eH_j<`+-5+1/2akJ<`,A`G_I)_;)**)***,)4)))/)_5),*0)/)D),)-))+/)dD*A)A)G)A)G)A)G)A)G)A)0*Z_`@Gg5U2/*2,)d1F:T,2v./),)*)7)aQ*1X_8/),2m3_/)+),_@U)7aN,)C)*))*))2),)))).),))))))+)*))*))))))))))*))*,)/),),)))2)9-+)-)9i05_sG2qRwsDH`mU/b6*alR6bmM_yKh>zZ`|[';

/** Where blanks begin and end, which are those of Python's str.isspace, in the same code. */
const BLANK_TABLE = '1-6-_X)B)aiK)_lO3E*-)W)`jX)';

/** A value of `kinds()`. */
export const WORD = 1;
export const BLANK = 2;

let made: Uint8Array | undefined;

/** WORD, BLANK or 0 for each code point up to the last of a word. */
export function kinds(): Uint8Array {
  if (made !== undefined) return made;
  const words = decoded(WORD_TABLE);
  const blanks = decoded(BLANK_TABLE);
  made = new Uint8Array(words[words.length - 1]);
  for (let i = 0; i < words.length; i += 2) made.fill(WORD, words[i], words[i + 1]);
  for (let i = 0; i < blanks.length; i += 2) made.fill(BLANK, blanks[i], blanks[i + 1]);
  return made;
}

/** The code points where ranges begin and end. */
function decoded(table: string): number[] {
  const ends: number[] = [];
  let [end, high] = [0, 0];
  for (let i = 0; i < table.length; i++) {
    const code = table.charCodeAt(i);
    if (code >= 94) high = 32 * high + code - 94;
    else {
      end += 52 * high + code - 40;
      ends.push(end);
      high = 0;
    }
  }
  return ends;
}

/** Characters of Unicode 15 to 17 that newer engines lower, decompose or combine, in the same code. They are left as they are. */
const NEWER_TABLE =
  '_h7)`wK7*4eY)skE*))+)))-)))<)lk[)B)_bC>+-eH*)+t3)))0)*)[))*-+_v8*hb60.)_z0+cYAlm9L`|F_2I)s@,bV*bK)*)/*-)';
const NEWER = decoded(NEWER_TABLE).reduce(
  (ranges, end, i) => `${ranges}${i % 2 === 0 ? '' : '-'}\\u{${(end - (i % 2)).toString(16)}}`,
  '',
);
const HAS_NEWER = new RegExp(`[${NEWER}]`, 'u');
const OLDER = new RegExp(`[^${NEWER}]+`, 'gu');

/** Engines sort a run of marks in quadratic time, so it is cut: their order does not matter where all of them are dropped. */
const PARTS = /[\s\S]{1,1000}/gu;

/** How accents are removed, as scikit-learn's `strip_accents`. */
export type Accents = 'keep' | 'unicode' | 'ascii';

/**
 * Text in lower case, and without accents.
 *
 * Lower case is the engine's, which is Python's `str.lower`; a final Σ becomes ς. 'unicode' drops the combining characters of
 * the compatibility decomposition (NFKD), and 'ascii' all characters of it outside ASCII.
 *
 * @example normalize('Ünï ﬁn', true, 'unicode')   // 'uni fin'
 */
export function normalize(text: string, lowercase: boolean, accents: Accents): string {
  const change = (part: string): string => {
    const lower = lowercase ? part.toLowerCase() : part;
    return accents === 'keep' ? lower : lower.replace(PARTS, (each) => each.normalize('NFKD'));
  };
  const changed = HAS_NEWER.test(text) ? text.replace(OLDER, change) : change(text);
  if (accents === 'keep') return changed;
  if (accents === 'ascii') return changed.replace(/[^\0-\x7f]+/g, '');
  return changed.replace(/\p{M}/gu, (mark) => (isCombining(mark) ? '' : mark));
}

/** Whether a character has a combining class: all but U+0345 itself then move before U+0345, whose class is the highest. */
function isCombining(mark: string): boolean {
  return mark === '\u0345' || (`\u0345${mark}`.normalize('NFD') !== `\u0345${mark}` && !HAS_NEWER.test(mark));
}
