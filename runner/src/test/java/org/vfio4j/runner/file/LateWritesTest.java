// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.memory.PageCounter;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.testing.fixture.SimulatedUser;

class LateWritesTest {
    private static final int LINES = 50_000;

    /** Keeps what is written to it. */
    private static final class Written implements VirtualTree.Attribute {
        private final StringBuilder text = new StringBuilder();

        @Override
        public int mode() {
            return 0200;
        }

        @Override
        public byte[] read() {
            return new byte[0];
        }

        @Override
        public void write(Caller caller, long position, byte[] bytes) {
            text.append(new String(bytes, StandardCharsets.US_ASCII));
        }
    }

    private final Written attribute = new Written();
    private final AttributeFile file =
            new AttributeFile(attribute, new SimulatedUser(new FrameTable(), new PageCounter()), false);

    /** A program goes on writing to what a shell opened for it, while what it has written is taken. */
    @Test
    void shouldLoseNothingThatIsWrittenWhileItTakesWhatWasWrittenBefore(@TempDir Path folder)
            throws IOException, InterruptedException {
        Path real = Files.createFile(folder.resolve("0-1"));
        Path staging = Files.createDirectory(folder.resolve("staging"));
        var expected = new StringBuilder();
        try (var lateWrites = new LateWrites((path, reason) -> {
            throw new AssertionError(reason);
        })) {
            var over = new AtomicBoolean();
            var taking = Thread.ofPlatform().start(() -> {
                while (!over.get()) {
                    lateWrites.collect(real, staging, file, "an attribute");
                }
            });
            try (var program = Files.newOutputStream(real)) {
                for (int i = 0; i < LINES; i++) {
                    String line = i + "\n";
                    expected.append(line);
                    program.write(line.getBytes(StandardCharsets.US_ASCII));
                }
            }
            over.set(true);
            taking.join();
            lateWrites.collect(real, staging, file, "an attribute");
            lateWrites.await();
        }
        assertThat(attribute.text).hasToString(expected.toString());
    }
}
