// SPDX-License-Identifier: BSL-1.0
#include <costexpr/costexpr.hpp>
#include <costexpr/hana.hpp>

#include <boost/hana/equal.hpp>
#include <boost/hana/integral_constant.hpp>
#include <boost/hana/length.hpp>

// Every struct with a field table is a boost::hana::Struct.

namespace {

namespace cx = costexpr;
namespace hana = boost::hana;

constexpr cx::feed_forward network{.hidden = 4096, .inner = 14336};
static_assert(hana::Struct<cx::feed_forward>::value && hana::Struct<cx::backbone>::value && hana::Struct<cx::quantization>::value);
static_assert(hana::at_key(network, BOOST_HANA_STRING("hidden_size")) == 4096);
static_assert(hana::equal(network, network));
static_assert(decltype(hana::length(hana::keys(network)))::value == cx::schema::table<cx::feed_forward>.size());

}  // namespace
