// mpi: collectives of MPI for JavaScript, against the standard ABI of MPI 5, and a watchdog. A call waits in a thread of
// libuv, with short sleeps, so a rank that waits takes neither a core nor the event loop. Another thread exchanges
// heartbeats over MPI: it ends this process if a rank is lost, which MPI itself does not notice if that rank is stopped.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include <mpi_abi.h>
#include <node_api.h>

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/** Between two heartbeats. */
constexpr milliseconds kBeat{250};
/** Between two looks at what has arrived, where a rank waits for the others to end. */
constexpr milliseconds kGlance{5};
/** Without a heartbeat for this time, a peer counts as lost. */
constexpr milliseconds kMostSilent{5000};
/** A call may be incomplete for this time after a peer has said that it is ending. */
constexpr milliseconds kMostEnding{2000};
/** For telling the others of a failure. */
constexpr milliseconds kForTelling{500};
/** Time for JavaScript to report a failure, before rank 0 does it here. */
constexpr milliseconds kForJavaScript{1000};
/** Time for JavaScript to end the process after a failure. Other ranks wait longer, so that rank 0 reports first. */
constexpr milliseconds kForEnd{1500}, kForEndOfOthers{2500};
/** For a launcher to pass on what a process has written. */
constexpr milliseconds kForOutput{200};
/** Limits of MPI_Init, which waits for all ranks, and of MPI_Finalize, once all ranks have said that they are ending. */
constexpr milliseconds kForInit{180'000}, kForFinalize{5'000};

enum Kind : int32_t { kAlive, kEnding, kAllEnding, kFailed };

/** A heartbeat. Ranks send it to rank 0, and rank 0 to all. */
struct Beat {
  Kind kind;
  /** Of a failure: as in `Failure`. */
  int32_t code, lost, isReported, isFinal;
  char text[1004];
};

struct Failure {
  /** The exit code, and the rank that is lost, or -1. */
  int code, lost;
  /** Whether a rank has reported it. */
  bool isReported;
  /** What happened. */
  std::string text;
  /** Whether the text is what a rank has to say to the user. Otherwise calls reject with it. */
  bool isFinal = false;
};

/** Another rank, as this one sees it. */
struct Peer {
  Beat in, out;
  MPI_Request receive = MPI_REQUEST_NULL, send = MPI_REQUEST_NULL;
  milliseconds silent{0};
  bool isEnding = false;
};

/** Where a rank runs. */
struct Place {
  char host[60];
  int32_t process;
};

MPI_Comm work, watch;
int rank = 0, size = 1;
bool isQuiet = false;
int reports = STDERR_FILENO, launcher = -1;
// Never destroyed: the watchdog may run while the process ends.
std::vector<Peer>& peers = *new std::vector<Peer>;
std::vector<Place>& places = *new std::vector<Place>;
std::mutex& mutex = *new std::mutex;
std::condition_variable& changed = *new std::condition_variable;
Failure& failure = *new Failure{};
std::thread* watcher = nullptr;
std::atomic<bool> hasFailed{false}, isTold{false}, isEnding{false}, allEnding{false}, isCalling{false}, isOver{false},
    isAnnounced{false};

std::string describe(int error) {
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  if (MPI_Error_string(error, text, &length) != MPI_SUCCESS) return "error " + std::to_string(error);
  // The lines after the first one are a stack of MPI's own functions.
  const std::string whole(text, length);
  return whole.substr(0, whole.find('\n'));
}

/** Records the first failure; later ones follow from it. */
void fail(Failure what) {
  std::lock_guard<std::mutex> lock(mutex);
  if (hasFailed) return;
  failure = std::move(what);
  hasFailed = true;
  changed.notify_all();
}

void say(const std::string& text) {
  const std::string line = "error: " + text + "\n";
  for (size_t at = 0; at < line.size();) {
    const auto count = write(reports, line.data() + at, line.size() - at);
    if (count < 0 && errno != EINTR) return;
    if (count > 0) at += count;
  }
}

bool isReporter(const Failure& what) { return rank == (what.lost == 0 ? 1 : 0); }

/** Ends the process without handlers, which would wait for other ranks. */
[[noreturn]] void end(int code) { _exit(code); }

/** The same for the rank whose exit code counts. The launcher's own code is that of a rank that it killed. */
[[noreturn]] void endAsReporter(int code) {
  if (launcher >= 0) dprintf(launcher, "code %d\n", code);
  end(code);
}

/** False if the last heartbeat is still on its way, since a stopped peer takes none. */
bool isFree(Peer& peer) {
  int isSent = 1;
  if (peer.send != MPI_REQUEST_NULL && MPI_Test(&peer.send, &isSent, MPI_STATUS_IGNORE) != MPI_SUCCESS) return false;
  return isSent != 0;
}

bool sendTo(int to, const Beat& beat) {
  Peer& peer = peers[to];
  if (!isFree(peer)) return false;
  peer.out = beat;
  return MPI_Isend(&peer.out, sizeof(Beat), MPI_BYTE, to, 0, watch, &peer.send) == MPI_SUCCESS;
}

void receiveFrom(int from) {
  MPI_Irecv(&peers[from].in, sizeof(Beat), MPI_BYTE, from, 0, watch, &peers[from].receive);
}

bool isWatched(int of) { return of != rank && (rank == 0 || of == 0); }

std::string named(int of) {
  return "rank " + std::to_string(of) + " of " + std::to_string(size) + " (process " + std::to_string(places[of].process) +
         " on " + places[of].host + ")";
}

void take(const Beat& beat, Peer& peer) {
  peer.silent = milliseconds(0);
  if (beat.kind == kEnding) peer.isEnding = true;
  if (beat.kind == kAllEnding) allEnding = true;
  if (beat.kind == kFailed) fail({beat.code, beat.lost, beat.isReported != 0, beat.text, beat.isFinal != 0});
}

/** The launcher holds the other end of a socket that all ranks inherited, and writes nothing: there is only its end to read. */
bool isLauncherGone() {
  if (launcher < 0) return false;
  pollfd state{launcher, POLLIN, 0};
  return poll(&state, 1, 0) > 0;
}

/** Takes the heartbeats that have arrived, and judges the peers. `passed`: since the last look. */
void look(milliseconds passed, milliseconds& incomplete) {
  bool isSomeEnding = false, areAllEnding = isEnding;
  for (int from = 0; from < size; from++) {
    if (!isWatched(from)) continue;
    Peer& peer = peers[from];
    peer.silent += passed;
    for (int isHere = 1; isHere && !hasFailed && !(allEnding && rank != 0);) {
      const int error = MPI_Test(&peer.receive, &isHere, MPI_STATUS_IGNORE);
      if (error != MPI_SUCCESS) return fail({1, from, false, named(from) + " is lost: " + describe(error)});
      if (!isHere) break;
      take(peer.in, peer);
      receiveFrom(from);
    }
    if (peer.silent > kMostSilent)
      return fail({1, from, false, named(from) + " is lost: it has given no sign of life for 5 s"});
    isSomeEnding |= peer.isEnding;
    areAllEnding &= peer.isEnding;
  }
  if (isLauncherGone()) return fail({1, -1, true, "the launcher has ended"});
  incomplete = isSomeEnding && isCalling ? incomplete + passed : milliseconds(0);
  if (incomplete > kMostEnding) return fail({1, -1, false, "a rank has ended while others go on"});
  if (rank == 0 && areAllEnding) allEnding = true;
}

/** Sends a heartbeat to all watched peers; true if it has left for all of them within the limit. */
bool tell(const Beat& beat, milliseconds most, int except = -1) {
  std::vector<bool> isTaken(size);
  const auto start = steady_clock::now();
  for (;;) {
    bool isEverywhere = true;
    for (int to = 0; to < size; to++) {
      if (!isWatched(to) || to == except) continue;
      if (!isTaken[to]) isTaken[to] = sendTo(to, beat);
      isEverywhere &= isTaken[to] && isFree(peers[to]);
    }
    if (isEverywhere || steady_clock::now() - start > most) return isEverywhere;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

Failure known() {
  std::lock_guard<std::mutex> lock(mutex);
  return failure;
}

/** Tells the other ranks of the failure, lets JavaScript report it, and ends the process. */
[[noreturn]] void endFailed() {
  const Failure what = known();
  Beat beat{kFailed, what.code, what.lost, what.isReported, what.isFinal, {}};
  std::snprintf(beat.text, sizeof(beat.text), "%s", what.text.c_str());
  tell(beat, kForTelling, what.lost);
  isAnnounced = true;
  const auto start = steady_clock::now();
  const auto has = [&](milliseconds most) { return steady_clock::now() - start > most; };
  const auto pause = [] { std::this_thread::sleep_for(milliseconds(5)); };
  if (!isReporter(what)) {
    while (!has(kForEndOfOthers)) pause();
    end(known().code);
  }
  // JavaScript of a quiet rank writes nothing.
  const bool isMute = isQuiet && rank != 0;
  for (; !has(kForEnd); pause()) {
    // JavaScript is about to report it, or has, and ends the process.
    if (known().isReported || (!isMute && !what.isFinal && (isTold || !has(kForJavaScript)))) continue;
    say(what.text);
    break;
  }
  endAsReporter(known().code);
}

/** Until the process or MPI ends. */
void watchAll() {
  milliseconds incomplete{0};
  auto last = steady_clock::now(), sent = last - kBeat;
  bool wasEnding = false;
  while (!isOver) {
    if (hasFailed) endFailed();
    // A process that was stopped for long, with the others or alone, must not take them for lost when it continues.
    const auto now = steady_clock::now();
    look(std::min(std::chrono::duration_cast<milliseconds>(now - last), 2 * kBeat), incomplete);
    last = now;
    if (now - sent >= kBeat || wasEnding != isEnding) {
      wasEnding = isEnding;
      sent = now;
      for (int to = 0; to < size; to++)
        if (isWatched(to)) sendTo(to, Beat{wasEnding ? kEnding : kAlive, 0, -1, 0, 0, {}});
    }
    std::unique_lock<std::mutex> lock(mutex);
    const bool mustHurry = isEnding;
    changed.wait_for(lock, mustHurry ? kGlance : kBeat, [&] { return hasFailed || isOver || isEnding != mustHurry; });
  }
  if (rank == 0) tell(Beat{kAllEnding, 0, -1, 0, 0, {}}, kForFinalize);
  for (Peer& peer : peers) {
    if (peer.receive == MPI_REQUEST_NULL) continue;
    MPI_Cancel(&peer.receive);
    MPI_Wait(&peer.receive, MPI_STATUS_IGNORE);
  }
}

/** Ends the process unless `isDone` within the limit. */
void limit(milliseconds most, const char* text, std::atomic<bool>& isDone) {
  std::thread([most, text, &isDone] {
    const auto start = steady_clock::now();
    while (!isDone) {
      if (isLauncherGone()) end(1);
      if (steady_clock::now() - start > most) {
        if (text == nullptr) end(1);
        say(text);
        endAsReporter(1);
      }
      std::this_thread::sleep_for(milliseconds(50));
    }
  }).detach();
}

// ---- Collectives, in a thread of libuv

enum Call : int64_t { kGather, kReduce, kBarrier };

/** A call and its result. What MPI reads and writes lives until the process ends if the call fails. */
struct Job {
  explicit Job(Call given) : call(given) {}

  const Call call;
  napi_async_work task = nullptr;
  napi_deferred deferred = nullptr;
  napi_ref given = nullptr;
  void* values = nullptr;
  int64_t count = 0;
  MPI_Datatype type = MPI_BYTE;
  MPI_Op op = MPI_SUM;
  std::vector<int64_t> headers;
  std::vector<MPI_Count> counts;
  std::vector<MPI_Aint> places;
  std::vector<char> received;
  bool isOk = false;
};

/** Numbers the calls, so that ranks notice if they make different ones. */
int64_t calls = 0;
constexpr int kHeader = 5;

/** The longest sleeps: of those who wait for others that compute, and while bytes are on the way. */
constexpr microseconds kOthers = milliseconds(1), kTransfer = microseconds(10);

/** Returns false, unless the process ends without words of JavaScript. */
bool giveUp() {
  while (known().isFinal) std::this_thread::sleep_for(milliseconds(100));
  return false;
}

/**
 * Waits for a request; false if it or the process has failed. A long wait sleeps longer: it costs little CPU time.
 *
 * @param longest a transfer makes progress only between two sleeps, so those are short
 */
bool wait(MPI_Request& request, int error, microseconds longest) {
#if defined(__linux__)
  // Otherwise a short sleep takes 50 µs more.
  static thread_local const int slack = prctl(PR_SET_TIMERSLACK, 1000);
  (void)slack;
#endif
  const auto start = steady_clock::now();
  for (int isDone = 0; error == MPI_SUCCESS;) {
    error = MPI_Test(&request, &isDone, MPI_STATUS_IGNORE);
    if (error != MPI_SUCCESS) break;
    if (isDone) return true;
    if (hasFailed) return giveUp();
    const auto waited = std::chrono::duration_cast<microseconds>(steady_clock::now() - start);
    if (waited < microseconds(20)) continue;
    const auto pause = waited / 16;
    std::this_thread::sleep_for(std::clamp<microseconds>(pause, microseconds(10), longest));
  }
  fail({1, -1, false, "MPI failed: " + describe(error)});
  return false;
}

bool run(Job& job) {
  const int64_t own[kHeader] = {++calls, job.call, job.call == kReduce ? (job.type == MPI_FLOAT ? 4 : 8) : 0,
                                job.call == kReduce ? (job.op == MPI_SUM ? 0 : job.op == MPI_MAX ? 1 : 2) : 0, job.count};
  job.headers.resize(kHeader * size);
  MPI_Request request;
  // It is the barrier, too.
  if (!wait(request, MPI_Iallgather(own, kHeader, MPI_INT64_T, job.headers.data(), kHeader, MPI_INT64_T, work, &request), kOthers))
    return false;
  // The counts of a gathering may differ.
  const int same = job.call == kGather ? kHeader - 1 : kHeader;
  for (int other = 0; other < size; other++) {
    if (std::memcmp(&job.headers[kHeader * other], own, same * sizeof(int64_t)) == 0) continue;
    fail({1, -1, false, "different calls"});
    return false;
  }
  if (job.call == kReduce)
    return wait(request, MPI_Iallreduce_c(MPI_IN_PLACE, job.values, job.count, job.type, job.op, work, &request), kTransfer);
  if (job.call == kBarrier) return true;
  job.counts.resize(size);
  job.places.resize(size);
  MPI_Count total = 0;
  for (int from = 0; from < size; from++) {
    job.counts[from] = job.headers[kHeader * from + kHeader - 1];
    // Aligned, so that JavaScript can view the bytes as numbers.
    job.places[from] = total;
    total += (job.counts[from] + 7) / 8 * 8;
  }
  job.received.resize(total);
  return wait(request, MPI_Iallgatherv_c(job.values, job.count, MPI_BYTE, job.received.data(), job.counts.data(),
                                         job.places.data(), MPI_BYTE, work, &request), kTransfer);
}

/**
 * Removes the names of the shared memory of MPICH, which all ranks of this machine have opened. Otherwise it would outlive
 * ranks that are killed.
 */
void removeNamesOfMemory() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const size_t at = line.find("/dev/shm/mpich_shm_");
    if (at != std::string::npos) unlink(line.substr(at).c_str());
  }
}

// ---- Node-API

napi_value undefined(napi_env env) {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

napi_value textOf(napi_env env, const std::string& text) {
  napi_value value;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

napi_value thrown(napi_env env, const std::string& text) {
  napi_throw_error(env, nullptr, text.c_str());
  return nullptr;
}

int numberOf(napi_env env, napi_value value) {
  int32_t number = 0;
  napi_get_value_int32(env, value, &number);
  return number;
}

/** The parts of a gathering: one buffer, and the place and length of each part in it. */
napi_value partsOf(napi_env env, const Job& job) {
  napi_value list, buffer;
  void* bytes;
  napi_create_array_with_length(env, job.counts.size(), &list);
  if (napi_create_arraybuffer(env, job.received.size(), &bytes, &buffer) != napi_ok) return nullptr;
  if (!job.received.empty()) std::memcpy(bytes, job.received.data(), job.received.size());
  for (size_t i = 0; i < job.counts.size(); i++) {
    napi_value part;
    napi_create_typedarray(env, napi_uint8_array, job.counts[i], buffer, job.places[i], &part);
    napi_set_element(env, list, i, part);
  }
  return list;
}

void complete(napi_env env, napi_status, void* data) {
  Job* job = static_cast<Job*>(data);
  isCalling = false;
  napi_value result = job->call == kGather && job->isOk ? partsOf(env, *job) : undefined(env);
  const bool isOk = job->isOk && result != nullptr;
  if (isOk) {
    napi_resolve_deferred(env, job->deferred, result);
  } else {
    std::string text = "out of memory";
    {
      std::lock_guard<std::mutex> lock(mutex);
      if (hasFailed) text = failure.text;
    }
    isTold = true;
    napi_reject_deferred(env, job->deferred, textOf(env, text));
  }
  napi_delete_async_work(env, job->task);
  // MPI may still write into the buffers of a failed call.
  if (!job->isOk) return;
  if (job->given != nullptr) napi_delete_reference(env, job->given);
  delete job;
}

napi_value start(napi_env env, Job* job, napi_value given) {
  napi_value promise;
  if (given != nullptr) napi_create_reference(env, given, 1, &job->given);
  napi_create_promise(env, &job->deferred, &promise);
  isCalling = true;
  napi_create_async_work(
      env, nullptr, textOf(env, "mpi"), [](napi_env, void* data) { static_cast<Job*>(data)->isOk = run(*static_cast<Job*>(data)); },
      complete, job, &job->task);
  napi_queue_async_work(env, job->task);
  return promise;
}

/** allGather(bytes: Uint8Array): Promise<Uint8Array[]> */
napi_value allGather(napi_env env, napi_callback_info info) {
  size_t argc = 1, length = 0;
  napi_value given;
  napi_get_cb_info(env, info, &argc, &given, nullptr, nullptr);
  Job* job = new Job(kGather);
  napi_get_typedarray_info(env, given, nullptr, &length, &job->values, nullptr, nullptr);
  job->count = length;
  return start(env, job, given);
}

/** allReduce(values: Float32Array | Float64Array, op: 0 for the sum, 1 for the maximum, 2 for the minimum): Promise<void> */
napi_value allReduce(napi_env env, napi_callback_info info) {
  size_t argc = 2, length = 0;
  napi_value given[2];
  napi_typedarray_type type;
  napi_get_cb_info(env, info, &argc, given, nullptr, nullptr);
  Job* job = new Job(kReduce);
  napi_get_typedarray_info(env, given[0], &type, &length, &job->values, nullptr, nullptr);
  job->count = length;
  job->type = type == napi_float32_array ? MPI_FLOAT : MPI_DOUBLE;
  const int op = numberOf(env, given[1]);
  job->op = op == 0 ? MPI_SUM : op == 1 ? MPI_MAX : MPI_MIN;
  return start(env, job, given[0]);
}

/** Sums over all ranks in place, in the calling thread. Returns null, or what happened; then MPI may still write. */
const char* sumHere(double* values, int64_t count) {
  Job* job = new Job(kReduce);
  job->values = values;
  job->count = count;
  job->type = MPI_DOUBLE;
  job->op = MPI_SUM;
  isCalling = true;
  const bool isOk = run(*job);
  isCalling = false;
  if (isOk) {
    delete job;
    return nullptr;
  }
  static std::string& text = *new std::string;
  text = known().text;
  isTold = true;
  return text.c_str();
}

/** sumAddress(): the address of `sumHere`, which a kernel of TensorFlow calls. Addresses have fewer than 53 bits. */
napi_value sumAddress(napi_env env, napi_callback_info) {
  napi_value value;
  napi_create_int64(env, reinterpret_cast<int64_t>(&sumHere), &value);
  return value;
}

/** lost(): why the ranks are ending, or undefined. The caller reports it. */
napi_value lost(napi_env env, napi_callback_info) {
  if (!hasFailed) return undefined(env);
  isTold = true;
  return textOf(env, known().text);
}

/** barrier(): Promise<void> */
napi_value barrier(napi_env env, napi_callback_info) { return start(env, new Job(kBarrier), nullptr); }

/**
 * open(isQuiet: boolean, launcher: number): [rank, size, the library's name]. A quiet rank other than 0 writes nothing to
 * standard output and error from now on. `launcher` is a socket that the launcher holds open, or -1.
 */
napi_value open(napi_env env, napi_callback_info info) {
  size_t argc = 2;
  napi_value given[2];
  napi_get_cb_info(env, info, &argc, given, nullptr, nullptr);
  napi_get_value_bool(env, given[0], &isQuiet);
  launcher = numberOf(env, given[1]);
#if defined(__linux__)
  // The launcher's process on this machine, which is our parent, may be killed on its own.
  if (launcher >= 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  static std::atomic<bool> isStarted{false};
  limit(kForInit, "MPI did not start within three minutes: a rank is missing", isStarted);
  int isOpen = 0, level = 0;
  MPI_Initialized(&isOpen);
  if (isOpen) return thrown(env, "MPI is open already in this process");
  int error = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &level);
  if (error != MPI_SUCCESS) return thrown(env, describe(error));
  if (level < MPI_THREAD_MULTIPLE) return thrown(env, "this MPI does not take calls of several threads");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  error = MPI_Comm_dup(MPI_COMM_WORLD, &work);
  if (error == MPI_SUCCESS) error = MPI_Comm_dup(MPI_COMM_WORLD, &watch);
  if (error != MPI_SUCCESS) return thrown(env, describe(error));
  MPI_Comm_rank(work, &rank);
  MPI_Comm_size(work, &size);
  if (isQuiet && rank != 0) {
    reports = dup(STDERR_FILENO);
    std::FILE* nothing = std::fopen("/dev/null", "w");
    if (nothing != nullptr)
      for (int stream : {STDOUT_FILENO, STDERR_FILENO}) dup2(fileno(nothing), stream);
  }
  Place own{{}, getpid()};
  char host[MPI_MAX_PROCESSOR_NAME];
  int length = 0;
  MPI_Get_processor_name(host, &length);
  std::snprintf(own.host, sizeof(own.host), "%.59s", host);
  places.resize(size);
  error = MPI_Allgather(&own, sizeof(Place), MPI_BYTE, places.data(), sizeof(Place), MPI_BYTE, work);
  if (error != MPI_SUCCESS) return thrown(env, describe(error));
  isStarted = true;
  if (launcher >= 0) dprintf(launcher, "rank %d %d\n", rank, own.process);
  removeNamesOfMemory();
  peers = std::vector<Peer>(size);
  for (int from = 0; from < size; from++)
    if (isWatched(from)) receiveFrom(from);
  watcher = new std::thread(watchAll);
  char name[MPI_MAX_LIBRARY_VERSION_STRING];
  MPI_Get_library_version(name, &length);
  const std::string version(name, length);
  napi_value list, value;
  napi_create_array(env, &list);
  napi_create_int32(env, rank, &value);
  napi_set_element(env, list, 0, value);
  napi_create_int32(env, size, &value);
  napi_set_element(env, list, 1, value);
  napi_set_element(env, list, 2, textOf(env, version.substr(0, version.find('\n'))));
  return list;
}

/**
 * fail(text: string, code: number, isReported: boolean): ends all ranks. It returns only if this rank has reported the
 * failure, or will, and ends on its own.
 */
napi_value failAll(napi_env env, napi_callback_info info) {
  size_t argc = 3, length = 0;
  napi_value given[3];
  bool isReported = false;
  char text[1000];
  napi_get_cb_info(env, info, &argc, given, nullptr, nullptr);
  napi_get_value_string_utf8(env, given[0], text, sizeof(text), &length);
  napi_get_value_bool(env, given[2], &isReported);
  const int code = numberOf(env, given[1]);
  fail({code, -1, isReported, std::string(text, length), true});
  {
    std::lock_guard<std::mutex> lock(mutex);
    // The report of a failure that others may have found.
    failure.code = code;
    failure.isReported |= isReported;
  }
  while (!isReported || !isAnnounced) std::this_thread::sleep_for(milliseconds(5));
  // Mpiexec may drop what this process wrote just before its end.
  if (launcher < 0) std::this_thread::sleep_for(kForOutput);
  if (launcher >= 0) dprintf(launcher, "code %d\n", code);
  return undefined(env);
}

/** close(): waits until all ranks call it, and closes MPI. The watchdog works until then. */
napi_value close(napi_env env, napi_callback_info) {
  static std::atomic<bool> isClosed{false};
  isEnding = true;
  changed.notify_all();
  while (!allEnding) std::this_thread::sleep_for(milliseconds(1));
  limit(kForFinalize, nullptr, isClosed);
  isOver = true;
  changed.notify_all();
  watcher->join();
  MPI_Finalize();
  isClosed = true;
  return undefined(env);
}

}  // namespace

NAPI_MODULE_INIT() {
  const struct {
    const char* name;
    napi_callback call;
  } functions[] = {{"open", open}, {"allGather", allGather}, {"allReduce", allReduce},
                   {"barrier", barrier}, {"sumAddress", sumAddress}, {"lost", lost},
                   {"fail", failAll}, {"close", close}};
  for (const auto& each : functions) {
    napi_value value;
    napi_create_function(env, each.name, NAPI_AUTO_LENGTH, each.call, nullptr, &value);
    napi_set_named_property(env, exports, each.name, value);
  }
  return exports;
}
