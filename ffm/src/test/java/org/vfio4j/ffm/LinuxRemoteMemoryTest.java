// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** A process may always look at itself. */
class LinuxRemoteMemoryTest {
    private static final int EFAULT = 14;
    private static final int ESRCH = 3;
    private static final int NO_PROCESS = 0x3fffffff;

    @Test
    void shouldCopyBothWays() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment there = arena.allocateFrom(ValueLayout.JAVA_LONG, 42, 43);
            MemorySegment here = arena.allocate(8, 8);
            int self = LinuxProcess.getpid();
            assertThat(LinuxRemoteMemory.read(self, there.address() + 8, here)).isEqualTo(8);
            assertThat(here.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(43);
            assertThat(LinuxRemoteMemory.write(self, there.address(), here)).isEqualTo(8);
            assertThat(there.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(43);
        }
    }

    @Test
    void shouldAnswerTheNegatedErrnoForWhatIsNotThere() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment here = arena.allocate(8);
            assertThat(LinuxRemoteMemory.read(LinuxProcess.getpid(), 8, here)).isEqualTo(-EFAULT);
            assertThat(LinuxRemoteMemory.read(NO_PROCESS, 8, here)).isEqualTo(-ESRCH);
        }
    }
}
