// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/** The caller's memory at the pointer given to a device-control call. One thread, for the length of the call. */
final class UserArgument implements AutoCloseable {
    /** Bytes that are looked at together; divides every page size. */
    private static final int CHUNK = 64;

    private final Caller caller;
    private final long address;
    private final Arena arena = Arena.ofConfined();

    UserArgument(Caller caller, long address) {
        this.caller = caller;
        this.address = address;
    }

    /** Address of a byte of the argument. */
    long address(long offset) {
        return address + offset;
    }

    /**
     * Copies the first bytes in; the struct is larger and zero beyond them.
     *
     * @throws VfioException EFAULT
     */
    MemorySegment read(int bytes, int sizeof) {
        var struct = arena.allocate(sizeof);
        caller.memory().read(address, struct, 0, bytes);
        return struct;
    }

    /** Copies one 32-bit number from further on in. */
    int readInt(long offset) {
        return readAt(offset, Integer.BYTES).get(UapiLayouts.S32, 0);
    }

    /** Copies bytes from further on in. */
    MemorySegment readAt(long offset, long bytes) {
        var data = arena.allocate(Math.max(1, bytes));
        if (bytes > 0) {
            caller.memory().read(address + offset, data, 0, bytes);
        }
        return data;
    }

    /** Copies a struct's first bytes out. */
    void write(MemorySegment struct, long bytes) {
        caller.memory().write(address, struct, 0, bytes);
    }

    /** Copies bytes out to further on. */
    void writeAt(long offset, MemorySegment data, long bytes) {
        caller.memory().write(address + offset, data, 0, bytes);
    }

    /** Copies one 32-bit number out. */
    void writeInt(long offset, int value) {
        var number = arena.allocate(Integer.BYTES);
        number.set(UapiLayouts.U32, 0, value);
        caller.memory().write(address + offset, number, 0, Integer.BYTES);
    }

    /** Memory that lives as long as the call. */
    MemorySegment allocate(long bytes) {
        return arena.allocate(bytes);
    }

    /**
     * Whether all bytes of a range are zero (kernel: {@code check_zeroed_user}).
     *
     * @throws VfioException EFAULT
     */
    boolean zeroed(long from, long to) {
        var chunk = arena.allocate(CHUNK);
        for (long at = from; at < to; at += chunk.byteSize()) {
            long bytes = Math.min(chunk.byteSize(), to - at);
            caller.memory().read(address + at, chunk, 0, bytes);
            for (long i = 0; i < bytes; i++) {
                if (chunk.get(ValueLayout.JAVA_BYTE, i) != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * Copies a string in (kernel: {@code strndup_user}).
     *
     * @param limit most bytes, with the NUL at the end
     * @throws VfioException EFAULT, EINVAL when it has no NUL within the limit
     */
    String readString(int limit) {
        var bytes = new byte[CHUNK];
        var chunk = arena.allocate(CHUNK);
        for (int done = 0; done < limit; ) {
            // Never across a multiple of the chunk's size, so that the end of a page is not crossed without need.
            int wanted = Math.min(limit - done, CHUNK - (int) ((address + done) & (CHUNK - 1)));
            int got = readSome(done, chunk, wanted);
            if (done + got > bytes.length) {
                bytes = Arrays.copyOf(bytes, 2 * bytes.length);
            }
            for (int i = 0; i < got; i++) {
                byte value = chunk.get(ValueLayout.JAVA_BYTE, i);
                if (value == 0) {
                    return new String(bytes, 0, done + i, StandardCharsets.UTF_8);
                }
                bytes[done + i] = value;
            }
            done += got;
        }
        throw new VfioException(Errno.EINVAL, "GR-10", "the string has no end within " + limit + " bytes");
    }

    /** Copies in what it can get at once, at least one byte: a string may end just before memory that is not there. */
    private int readSome(int from, MemorySegment chunk, int wanted) {
        try {
            caller.memory().read(address + from, chunk, 0, wanted);
            return wanted;
        } catch (VfioException e) {
            if (e.errno() != Errno.EFAULT) {
                throw e;
            }
            caller.memory().read(address + from, chunk, 0, 1);
            return 1;
        }
    }

    /**
     * Compares the size the caller states with the least one.
     *
     * @param rule that sets the least one
     * @throws VfioException EINVAL
     */
    static void requireArgsz(String rule, String operation, int argsz, int least) {
        if (Integer.compareUnsigned(argsz, least) < 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    rule,
                    operation + " refused: argsz " + Integer.toUnsignedString(argsz) + " is below " + least);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
