// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class LinuxCapabilitiesTest {
    private static long shown(String pid) throws IOException {
        try (var lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
            return lines.filter(line -> line.startsWith("CapEff:"))
                    .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void shouldTellWhatTheStatusOfAThreadShows() throws IOException {
        assertThat(LinuxCapabilities.effective(0)).isEqualTo(shown("thread-self"));
        assertThat(LinuxCapabilities.effective((int) ProcessHandle.current().pid()))
                .isEqualTo(shown("self"));
        assertThat(LinuxCapabilities.effective(1)).as("another process").isEqualTo(shown("1"));
    }

    @Test
    void shouldTellNothingOfAThreadThatIsGone() {
        assertThat(LinuxCapabilities.effective(Integer.MAX_VALUE)).isZero();
    }
}
