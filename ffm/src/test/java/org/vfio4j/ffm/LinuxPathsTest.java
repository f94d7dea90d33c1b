// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinuxPathsTest {
    private static boolean leadsOverLinks(Path path) {
        try (var arena = Arena.ofConfined()) {
            return LinuxPaths.leadsOverLinks(arena.allocateFrom(path.toString()));
        }
    }

    @Test
    void shouldTellWhetherALinkIsOnTheWay(@TempDir Path temporary) throws IOException {
        Path folder = temporary.toRealPath();
        Path file = Files.createFile(folder.resolve("file"));
        Path toFolder = Files.createSymbolicLink(folder.resolve("link"), folder);
        Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("nothing"));
        assertThat(leadsOverLinks(file)).isFalse();
        assertThat(leadsOverLinks(folder.resolve("nothing/at/all"))).isFalse();
        assertThat(leadsOverLinks(file.resolve("below"))).isFalse();
        assertThat(leadsOverLinks(toFolder.resolve("file"))).isTrue();
        assertThat(leadsOverLinks(toFolder.resolve("nothing"))).isTrue();
        assertThat(leadsOverLinks(dangling)).isTrue();
    }
}
