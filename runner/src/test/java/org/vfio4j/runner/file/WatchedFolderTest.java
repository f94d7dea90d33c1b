// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchedFolderTest {
    private static final int EVENTS = 16 << 10;

    @Test
    void shouldKnowHowManyEventsTheKernelKeeps() throws IOException, InterruptedException {
        var told = new ProcessBuilder("cat", "/proc/sys/fs/inotify/max_queued_events").start();
        assertThat(told.inputReader().readLine()).isEqualTo(String.valueOf(WatchedFolder.queueLength()));
        told.waitFor();
    }

    @Test
    void shouldTellEachFileThatIsClosedAlsoWhenItIsFull(@TempDir Path path) throws IOException {
        try (var folder = new WatchedFolder(path);
                var arena = Arena.ofConfined()) {
            int count = 0;
            while (folder.tryAdd()) {
                Files.newOutputStream(path.resolve("file" + count++)).close();
            }
            assertThat(count).isPositive();
            List<String> gone = new ArrayList<>();
            folder.take(arena.allocate(EVENTS, Long.BYTES), (where, name) -> gone.add(name));
            assertThat(gone).hasSize(count).doesNotHaveDuplicates();
            folder.removed();
            assertThat(folder.tryAdd()).isTrue();
            assertThat(folder.tryAdd()).isFalse();
        }
    }

    @Test
    void shouldSayThatAnyFileMayBeWrittenWhenTheQueueOfWritesIsFull(@TempDir Path path) throws IOException {
        try (var written = new WrittenFiles(path);
                var one = Files.newOutputStream(path.resolve("one"));
                var other = Files.newOutputStream(path.resolve("other"));
                var arena = Arena.ofConfined()) {
            written.add(path);
            written.add(path);
            one.write(1);
            List<Optional<String>> told = new ArrayList<>();
            var events = arena.allocate(EVENTS, Long.BYTES);
            written.take(events, told::add);
            assertThat(told).containsExactly(Optional.of("one"));
            for (int i = 0; i < WatchedFolder.queueLength(); i++) {
                (i % 2 == 0 ? other : one).write(1); // equal events in a row would be told once
            }
            told.clear();
            other.write(1);
            written.take(events, told::add);
            assertThat(told).contains(Optional.empty());
        }
    }
}
