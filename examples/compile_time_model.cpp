// A model that is named in the source is a constant: its size, its memory and its latency are checked by the compiler.
#include <costexpr.hpp>

namespace cx = costexpr;

constexpr auto qwen = cx::model<"Qwen/Qwen3-32B">;
static_assert(qwen.parameters() == 32'762'123'264);
static_assert(qwen.state_bytes(8192) == 2'147'483'648);  // KV cache of one sequence
static_assert(cx::fits(qwen, {.tp = 4}, cx::system<"h200_sxm">, {.sequences = 64, .context = 8192}));
static_assert(cx::decode(qwen, {.tp = 4}, cx::system<"h200_sxm">, {.sequences = 32, .past = 4096}).seconds < 0.012);

// With a batch that is known only at run time, the same call is a few multiplications: no parsing, no table, no allocation.
double seconds_per_token(cx::count sequences, cx::count past) {
    return cx::decode(qwen, {.tp = 4}, cx::system<"h200_sxm">, {.sequences = sequences, .past = past}).seconds;
}

int main() { return seconds_per_token(64, 4096) > seconds_per_token(32, 4096) ? 0 : 1; }
