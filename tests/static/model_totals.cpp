// SPDX-License-Identifier: BSL-1.0
// Totals of embedded models, exact, in constant evaluation: parameters as counted over the models' own code or published with their
// checkpoints (of wrappers the text model, tied weights once, multi-token prediction not counted), active parameters per token, and
// the bytes of state that a sequence keeps in the checkpoint's precision.

#include <costexpr/model/model.hpp>

namespace {

using costexpr::count;
using costexpr::fixed_string;

template <fixed_string Name>
constexpr count total = costexpr::model<Name>.parameters();
template <fixed_string Name>
constexpr count active = costexpr::model<Name>.active_parameters();
template <fixed_string Name, count Tokens>
constexpr count state = costexpr::model<Name>.state_bytes(Tokens);

// dense
static_assert(total<"TinyLlama/TinyLlama-1.1B-Chat-v1.0"> == 1'100'048'384);
static_assert(total<"meta-llama/Llama-2-13b-chat-hf"> == 13'015'864'320);
static_assert(total<"meta-llama/Llama-2-70b-hf"> == 68'976'648'192);
static_assert(total<"meta-llama/Meta-Llama-3-70B"> == 70'553'706'496);
static_assert(total<"meta-llama/Meta-Llama-3.1-70B"> == 70'553'706'496);
static_assert(total<"meta-llama/Meta-Llama-3.1-405B"> == 405'853'388'800);
static_assert(total<"meta-llama/Llama-3.2-1B-Instruct"> == 1'235'814'400);
static_assert(total<"meta-llama/Llama-3.2-3B-Instruct"> == 3'212'749'824);
static_assert(total<"meta-llama/Llama-3.3-70B-Instruct"> == 70'553'706'496);
static_assert(total<"codellama/CodeLlama-34b-Instruct-hf"> == 33'743'970'304);
static_assert(total<"mistralai/Mistral-7B-v0.1"> == 7'241'732'096);
static_assert(total<"mistralai/Mistral-7B-Instruct-v0.3"> == 7'248'023'552);
static_assert(total<"mistralai/Mistral-Nemo-Instruct-2407"> == 12'247'782'400);
static_assert(total<"Qwen/Qwen-7B-Chat"> == 7'721'324'544);
static_assert(total<"Qwen/Qwen1.5-4B-Chat"> == 3'950'369'280);
static_assert(total<"Qwen/Qwen2-72B-Instruct"> == 72'706'203'648);
static_assert(total<"Qwen/Qwen2.5-14B"> == 14'770'033'664);
static_assert(total<"Qwen/Qwen3-0.6B"> == 596'049'920);
static_assert(total<"Qwen/Qwen3-8B"> == 8'190'735'360);
static_assert(total<"Qwen/Qwen3-32B"> == 32'762'123'264);
static_assert(total<"ByteDance-Seed/Seed-OSS-36B-Instruct"> == 36'151'104'512);
static_assert(total<"THUDM/chatglm3-6b"> == 6'243'584'000);
static_assert(total<"THUDM/glm-4-9b-chat"> == 9'399'951'360);
static_assert(total<"ibm-granite/granite-3.1-8b-instruct"> == 8'170'848'256);
static_assert(total<"stabilityai/stablelm-3b-4e1t"> == 2'795'443'200);
static_assert(total<"tencent/Hunyuan-7B-Instruct"> == 7'504'568'320);
static_assert(total<"XiaomiMiMo/MiMo-7B-Base"> == 7'622'619'136);

// mixture of experts
static_assert(total<"mistralai/Mixtral-8x7B-v0.1"> == 46'702'792'704);
static_assert(total<"mistralai/Mixtral-8x22B-v0.1"> == 140'620'634'112);
static_assert(total<"Qwen/Qwen3-30B-A3B"> == 30'532'122'624);
static_assert(total<"Qwen/Qwen3-235B-A22B"> == 235'093'634'560);
static_assert(total<"openai/gpt-oss-20b"> == 20'914'757'184);
static_assert(total<"openai/gpt-oss-120b"> == 116'829'156'672);
static_assert(total<"MiniMaxAI/MiniMax-M2.5"> == 228'689'748'992);
static_assert(total<"XiaomiMiMo/MiMo-V2-Flash"> == 308'778'768'832);
static_assert(total<"allenai/OLMoE-1B-7B-0924"> == 6'919'161'856);
static_assert(total<"databricks/dbrx-instruct"> == 131'596'523'520);
static_assert(total<"microsoft/Phi-3.5-MoE-instruct"> == 41'873'153'344);
static_assert(total<"Snowflake/snowflake-arctic-instruct"> == 478'584'608'768);
static_assert(total<"baidu/ERNIE-4.5-300B-A47B-PT"> == 299'484'163'264);
static_assert(total<"zai-org/GLM-4.5-Air"> == 106'852'245'504);

// multi-head latent attention
static_assert(total<"deepseek-ai/DeepSeek-V2-Lite"> == 15'706'484'224);
static_assert(total<"deepseek-ai/DeepSeek-V2"> == 235'741'434'880);
static_assert(total<"deepseek-ai/DeepSeek-V3"> == 671'026'404'352);
static_assert(total<"deepseek-ai/DeepSeek-R1"> == 671'026'404'352);
static_assert(total<"moonshotai/Kimi-K2-Instruct"> == 1'026'408'209'408);

// wrappers: the text model alone
static_assert(total<"Qwen/Qwen2-VL-2B-Instruct"> == 1'543'714'304);
static_assert(total<"OpenGVLab/InternVL2-4B"> == 3'820'809'216);
static_assert(total<"openbmb/MiniCPM-V-4"> == 3'605'834'240);
static_assert(total<"Qwen/Qwen3-VL-235B-A22B-Instruct"> == 235'093'634'560);
static_assert(total<"moonshotai/Kimi-K2.5"> == 1'026'408'209'408);
static_assert(total<"nvidia/Kimi-K2.6-NVFP4"> == 1'026'408'209'408);

// written from published figures, or of the shape of another
static_assert(total<"meta-llama/Llama-3.1-8B-Instruct"> == 8'030'261'248);
static_assert(total<"meta-llama/Llama-3.1-70B-Instruct"> == 70'553'706'496);
static_assert(total<"meta-llama/Llama-3.1-405B-Instruct"> == 405'853'388'800);
static_assert(total<"mistralai/Mixtral-8x7B-Instruct-v0.1"> == 46'702'792'704);
static_assert(total<"Qwen/Qwen3-Coder-480B-A35B-Instruct"> == 480'154'875'392);
static_assert(total<"meta-llama/Llama-4-Scout-17B-16E-Instruct"> == 107'769'861'120);

// active per token: the chosen experts, everything else whole
static_assert(active<"mistralai/Mixtral-8x7B-v0.1"> == 12'879'925'248);
static_assert(active<"mistralai/Mixtral-8x22B-v0.1"> == 39'152'031'744);
static_assert(active<"Qwen/Qwen3-30B-A3B"> == 3'353'032'704);
static_assert(active<"Qwen/Qwen3-235B-A22B"> == 22'190'763'520);
static_assert(active<"openai/gpt-oss-20b"> == 4'187'440'704);
static_assert(active<"openai/gpt-oss-120b"> == 5'711'982'912);
static_assert(active<"MiniMaxAI/MiniMax-M2.5"> == 11'030'537'216);
static_assert(active<"XiaomiMiMo/MiMo-V2-Flash"> == 15'445'924'288);
static_assert(active<"allenai/OLMoE-1B-7B-0924"> == 1'282'017'280);
static_assert(active<"zai-org/GLM-4.5-Air"> == 13'424'123'904);
static_assert(active<"deepseek-ai/DeepSeek-V2"> == 21'375'800'320);
static_assert(active<"deepseek-ai/DeepSeek-V3"> == 37'552'282'624);
static_assert(active<"moonshotai/Kimi-K2-Instruct"> == 32'861'477'888);

// state: bytes per token of the layers that keep all of it, and of the others up to their window
static_assert(state<"TinyLlama/TinyLlama-1.1B-Chat-v1.0", 2048> == 2048 * 22'528);
static_assert(state<"meta-llama/Meta-Llama-3.1-70B", 4096> == 4096 * 327'680);
static_assert(state<"Qwen/Qwen3-32B", 4096> == 4096 * 262'144);
static_assert(state<"Qwen/Qwen3-235B-A22B", 4096> == 4096 * 192'512);
static_assert(state<"THUDM/chatglm3-6b", 4096> == 4096 * 28'672);
static_assert(state<"deepseek-ai/DeepSeek-V2-Lite", 4096> == 4096 * 31'104);
static_assert(state<"deepseek-ai/DeepSeek-R1", 4096> == 4096 * 70'272);
static_assert(state<"mistralai/Mistral-7B-v0.1", 1000> == 1000 * 131'072);
static_assert(state<"mistralai/Mistral-7B-v0.1", 20000> == 4096 * 131'072);  // no more than its window
static_assert(state<"openai/gpt-oss-20b", 20000> == 20000 * 24'576 + 128 * 24'576);
static_assert(state<"openai/gpt-oss-120b", 20000> == 20000 * 36'864 + 128 * 36'864);
static_assert(state<"XiaomiMiMo/MiMo-V2-Flash", 20000> == 20000 * 23'040 + 128 * 199'680);
static_assert(state<"meta-llama/Llama-4-Scout-17B-16E-Instruct", 131072> == 12 * 4096 * count{131072} + 36 * 4096 * count{8192});  // 12 full layers, 36 chunked
static_assert(state<"nvidia/Llama-3.1-70B-Instruct-FP8", 4096> == 4096 * 163'840);  // its cache is fp8
static_assert(state<"nvidia/DeepSeek-V3.1-NVFP4", 4096> == 4096 * 35'136);

}  // namespace
