// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

// Exit status 77 says to ctest that something was skipped and nothing failed.
int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    int const status = RUN_ALL_TESTS();
    if (status != 0) return status;
    return testing::UnitTest::GetInstance()->skipped_test_count() != 0 ? 77 : 0;
}
