// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.vfio4j.ffm.LinuxProcess;

class ProcessLimitTest {
    @Test
    void shouldReadWhatTheKernelWrites() {
        String[] lines = {
            "Limit                     Soft Limit           Hard Limit           Units     ",
            "Max open files            1024                 524288               files     ",
            "Max locked memory         unlimited            unlimited            bytes     ",
        };
        assertThat(ProcessLimit.OPEN_FILES.parse(Stream.of(lines))).isEqualTo(1024);
        assertThat(ProcessLimit.LOCKED_MEMORY.parse(Stream.of(lines))).isEqualTo(Long.MAX_VALUE);
        assertThat(ProcessLimit.LOCKED_MEMORY.parse(Stream.of(lines[0]))).isZero();
    }

    @Test
    void shouldTellTheSameEitherWay() throws IOException {
        int self = LinuxProcess.getpid();
        for (ProcessLimit limit : ProcessLimit.values()) {
            try (var lines = Files.lines(Path.of("/proc/self/limits"))) {
                assertThat(limit.of(self)).as(limit.name()).isEqualTo(limit.parse(lines));
            }
        }
    }

    @Test
    void shouldBeZeroWhenTheProcessIsGone() {
        assertThat(ProcessLimit.OPEN_FILES.of(Integer.MAX_VALUE)).isZero();
    }
}
