// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;

class MemoryAreasTest {
    private static final String MAPS = "/proc/self/maps";

    private static int open(Path path) {
        return LinuxPaths.open(path.toString(), LinuxPaths.O_RDONLY | LinuxPaths.O_CLOEXEC, 0);
    }

    /** The address of the first area of each kind of line. */
    private static List<Long> addresses(List<String> lines) {
        var found = new ArrayList<Long>();
        for (String line : lines) {
            if (!line.contains("[stack") && !line.contains("[heap]")) {
                found.add(Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16));
            }
        }
        return found;
    }

    /** A kernel before 6.11 answers a question about one area as an ordinary file does: with ENOTTY. */
    @Test
    void shouldReadTheTextWhereTheKernelAnswersNoQuestions(@TempDir Path folder) throws IOException {
        List<String> lines = Files.readAllLines(Path.of(MAPS));
        Path copy = Files.write(folder.resolve("maps"), lines);
        int real = open(Path.of(MAPS));
        int text = open(copy);
        try (var asked = new MemoryAreas(real);
                var read = new MemoryAreas(text)) {
            int same = 0;
            for (long address : addresses(lines)) {
                var found = read.at(address);
                assertThat(found).as("area at 0x%x", address).isNotNull();
                if (Objects.equals(found, asked.at(address))) { // areas of this JVM come and go in the meantime
                    same++;
                }
                assertThat(read.at(address + 1)).isEqualTo(found);
            }
            assertThat(same).as("areas that both ways tell the same of").isGreaterThan(10);
            assertThat(read.at(0)).isNull();
            assertThat(asked.at(0)).isNull();
        } finally {
            LinuxFiles.close(real);
            LinuxFiles.close(text);
        }
    }
}
