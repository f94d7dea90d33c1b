// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class LinuxMemoryTest {
    private static final int EINVAL = 22;
    private static final int UNKNOWN_ADVICE = 9999;

    @Test
    void shouldKeepTheBytesOfMemoryItGathers() {
        try (var arena = Arena.ofConfined()) {
            var memory = arena.allocate(4 << 20, 2 << 20);
            memory.set(ValueLayout.JAVA_LONG, 8, 42);
            LinuxMemory.advise(memory, LinuxMemory.ADVICE_HUGE_PAGE);
            LinuxMemory.advise(memory, LinuxMemory.ADVICE_COLLAPSE); // a kernel may refuse: it is advice
            assertThat(memory.get(ValueLayout.JAVA_LONG, 8)).isEqualTo(42);
        }
    }

    @Test
    void shouldAnswerTheNegatedErrnoOfARefusal() {
        try (var arena = Arena.ofConfined()) {
            assertThat(LinuxMemory.advise(arena.allocate(4096, 4096), UNKNOWN_ADVICE))
                    .isEqualTo(-EINVAL);
        }
    }
}
