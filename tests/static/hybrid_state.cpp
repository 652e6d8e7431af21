// SPDX-License-Identifier: BSL-1.0
#include <costexpr/costexpr.hpp>

// The state of a sequence of hybrids at 1,000 and 32,000 tokens, worked by hand: attention layers grow by 2 kv_heads head_dim elements of
// bf16 a token (windows are capped), convolutions keep kernel - 1 columns in bf16, recurrent state is fp32.

namespace {

namespace cx = costexpr;

template <class M>
constexpr bool grows(M const& m, cx::count per_token, cx::count fixed) {
    return m.state_bytes(1'000) == fixed + 1'000 * per_token && m.state_bytes(32'000) == fixed + 32'000 * per_token;
}

// 6 of 52 layers are attention: 6 x 2 x 2 heads x 128; 23 Mamba-2 layers of 64 heads x 64 x 128 state and 6,144 channels
constexpr auto nano = cx::model<"nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16">;
static_assert(grows(nano, 6 * 2 * 2 * 128 * 2, 23 * (6144 * 3 * 2 + 64 * 64 * 128 * 4)));

// 10 of 118; 54 layers of 256 heads x 64 x 256, 20,480 channels
constexpr auto nemotron_h = cx::model<"nvidia/Nemotron-H-56B-Base-8K">;
static_assert(grows(nemotron_h, 10 * 2 * 8 * 128 * 2, 54 * (20480 * 3 * 2 + cx::count{256} * 64 * 256 * 4)));

// 12 of 48; 36 gated delta nets of 32 value heads x 128 x 128, 2 x 16 x 128 + 32 x 128 channels
constexpr auto next = cx::model<"Qwen/Qwen3-Next-80B-A3B-Instruct">;
static_assert(grows(next, 12 * 2 * 2 * 256 * 2, 36 * (8192 * 3 * 2 + 32 * 128 * 128 * 4)));

// 16 of 64; 48 gated delta nets of 48 value heads; mamba_ssm_dtype says float32
constexpr auto qwen35 = cx::model<"Qwen/Qwen3.5-27B">;
static_assert(grows(qwen35, 16 * 2 * 4 * 256 * 2, 48 * (10240 * 3 * 2 + 48 * 128 * 128 * 4)));

// 7 of 27 with a latent of 512 + 64; 20 layers of Kimi delta attention, 32 heads x 128 x 128, 3 x 4,096 channels
constexpr auto kimi = cx::model<"moonshotai/Kimi-Linear-48B-A3B-Instruct">;
static_assert(grows(kimi, 7 * 576 * 2, 20 * (3 * 4096 * 3 * 2 + 32 * 128 * 128 * 4)));

// 4 of 32; 28 Mamba layers of width 8,192 with 16 states
constexpr auto jamba = cx::model<"ai21labs/Jamba-v0.1">;
static_assert(grows(jamba, 4 * 2 * 8 * 128 * 2, 28 * (8192 * 3 * 2 + 8192 * 16 * 4)));

// 3 of 32; 29 Mamba-2 layers of 128 heads x 64 x 128, 8,448 channels
constexpr auto bamba = cx::model<"ibm-ai-platform/Bamba-9B-v2">;
static_assert(grows(bamba, 3 * 2 * 8 * 128 * 2, 29 * (8448 * 3 * 2 + 128 * 64 * 128 * 4)));

// 4 of 40; 36 Mamba-2 layers of 64 heads x 64 x 128, 4,352 channels
constexpr auto granite = cx::model<"ibm-granite/granite-4.0-h-micro">;
static_assert(grows(granite, 4 * 2 * 8 * 64 * 2, 36 * (4352 * 3 * 2 + 64 * 64 * 128 * 4)));

// 6 of 24; 18 short convolutions over 3 tokens
constexpr auto lfm2 = cx::model<"LiquidAI/LFM2-8B-A1B">;
static_assert(grows(lfm2, 6 * 2 * 8 * 64 * 2, 18 * 2048 * 2 * 2));

// 64 Mamba layers, no attention at all
constexpr auto mamba = cx::model<"state-spaces/mamba-2.8b-hf">;
static_assert(grows(mamba, 0, 64 * (5120 * 3 * 2 + 5120 * 16 * 4)));

// windows: 12 full layers, 12 of the last 128 tokens, 8 heads of 64
constexpr auto gpt_oss = cx::model<"openai/gpt-oss-20b">;
static_assert(gpt_oss.state_bytes(100) == 100 * 24 * 2 * 8 * 64 * 2);
static_assert(gpt_oss.state_bytes(32'000) == (32'000 + 128) * 12 * 2 * 8 * 64 * 2);

// 20 of the 35 layers of Gemma 4 E2B read the cache of another: 3 global layers of 512 and 12 sliding ones of 256 keep one, over 512 tokens
constexpr auto gemma = cx::model<"google/gemma-4-E2B">;
static_assert(gemma.state_bytes(32'000) == 32'000 * 3 * 2 * 512 * 2 + 512 * 12 * 2 * 256 * 2);

// DeepSeek-V4-Flash: 128 tokens on each of 43 layers, a key of 512 and an index key of 128 per 4 tokens on 21, a key of 512 per 128 on 20
constexpr auto v4 = cx::model<"deepseek-ai/DeepSeek-V4-Flash">;
// and tokens that wait to be pooled, in fp32 with their scores, those of two windows where they overlap
static_assert(v4.state_bytes(32'000) == 2 * (cx::count{128} * 43 * 512 + 8'000 * 21 * (512 + 128) + 250 * 20 * 512) + 8 * (21 * 4 * 4 * (512 + 128) + 20 * 128 * 512));

}  // namespace
