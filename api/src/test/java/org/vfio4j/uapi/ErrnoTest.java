// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrnoTest {
    @ParameterizedTest
    @CsvSource({
        "EPERM, 1",
        "ENOENT, 2",
        "EINTR, 4",
        "EIO, 5",
        "ENXIO, 6",
        "E2BIG, 7",
        "EBADF, 9",
        "EAGAIN, 11",
        "ENOMEM, 12",
        "EACCES, 13",
        "EFAULT, 14",
        "EBUSY, 16",
        "EEXIST, 17",
        "ENODEV, 19",
        "EINVAL, 22",
        "EMFILE, 24",
        "ENOTTY, 25",
        "ENOSPC, 28",
        "ESPIPE, 29",
        "ERANGE, 34",
        "EDEADLK, 35",
        "ENOMSG, 42",
        "EBADE, 52",
        "EOVERFLOW, 75",
        "EBADFD, 77",
        "EUSERS, 87",
        "EMSGSIZE, 90",
        "EOPNOTSUPP, 95",
        "EADDRINUSE, 98",
        "ETIMEDOUT, 110",
        "ENAVAIL, 119",
        "ENOTSUPP, 524"
    })
    void shouldHaveLinuxNumbers(Errno errno, int number) {
        assertThat(errno.number()).isEqualTo(number);
    }

    @ParameterizedTest
    @EnumSource
    void shouldBeFoundByItsNumber(Errno errno) {
        assertThat(Errno.of(errno.number())).isSameAs(errno);
    }

    /** Linux numbers the errors of user space from 1 to 133 and leaves out 41 and 58. */
    @Test
    void shouldKnowEveryNumberASystemCallCanAnswer() {
        Set<Integer> missing = new HashSet<>();
        for (int number = 1; number <= 133; number++) {
            if (number != 41 && number != 58) {
                missing.add(number);
            }
        }
        for (Errno errno : Errno.values()) {
            missing.remove(errno.number());
        }

        assertThat(missing).as("errno numbers without a constant").isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -22, 0, 41, 58, 134, 523, 525, Integer.MAX_VALUE})
    void shouldRefuseNumbersWithoutMeaning(int number) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Errno.of(number))
                .withMessage("no errno has the number %d", number);
    }

    @ParameterizedTest
    @EnumSource
    void shouldSayItsMeaningInAFewWords(Errno errno) {
        assertThat(errno.message()).isNotBlank().doesNotEndWith(".").hasSizeLessThan(60);
    }
}
