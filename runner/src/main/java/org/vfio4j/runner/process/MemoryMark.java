// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.vfio4j.ffm.LinuxRemoteMemory;

/**
 * What tells a program's memory from the one it has after loading another program: what the kernel told the program at its start
 * ({@code /proc/PID/auxv}), and the 16 random bytes it put into the memory then ({@code AT_RANDOM}).
 */
final class MemoryMark {
    private static final int AT_RANDOM = 25;
    private static final int RANDOM_BYTES = 16;

    /** Of no memory. */
    static final MemoryMark NONE = new MemoryMark(new byte[0], new byte[0]);

    private final byte[] auxiliary;
    private final byte[] random;

    private MemoryMark(byte[] auxiliary, byte[] random) {
        this.auxiliary = auxiliary;
        this.random = random;
    }

    /** The mark of the memory a thread has now; an empty one when it is gone. */
    static MemoryMark of(int tid) {
        byte[] auxiliary;
        try {
            auxiliary = Files.readAllBytes(Path.of("/proc/" + tid + "/auxv"));
        } catch (IOException gone) {
            auxiliary = new byte[0];
        }
        return new MemoryMark(auxiliary, random(tid, ByteBuffer.wrap(auxiliary).order(ByteOrder.nativeOrder())));
    }

    private static byte[] random(int tid, ByteBuffer auxiliary) {
        while (auxiliary.remaining() >= 2 * Long.BYTES) {
            long type = auxiliary.getLong();
            long value = auxiliary.getLong();
            if (type == AT_RANDOM) {
                try (var arena = Arena.ofConfined()) {
                    MemorySegment bytes = arena.allocate(RANDOM_BYTES);
                    LinuxRemoteMemory.read(tid, value, bytes);
                    return bytes.toArray(ValueLayout.JAVA_BYTE);
                }
            }
        }
        return new byte[0];
    }

    /** Whether both are of the same memory. */
    boolean matches(MemoryMark other) {
        return Arrays.equals(auxiliary, other.auxiliary) && Arrays.equals(random, other.random);
    }
}
