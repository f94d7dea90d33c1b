// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vfio4j.runner.file.AttributeFile;
import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.file.TextFile;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.process.Task;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * {@code read}, {@code write} and their relatives (kernel: {@code vfs_read}, {@code vfs_write}). Memory that is not there is EFAULT,
 * also after some parts were moved; when the file refuses a later part, the call returns what was moved before.
 */
final class TransferCalls {
    private static final int IOV_MAX = 1024;
    private static final long MAX_COUNT = 0x7ffff000L;
    private static final int SEEK_CUR = 1;
    private static final int SEEK_END = 2;

    private final Tasks tasks;
    private final Trace trace;

    TransferCalls(Tasks tasks, Trace trace) {
        this.tasks = tasks;
        this.trace = trace;
    }

    private interface Transfer {
        long run(Handle handle, AddressSpace memory);
    }

    private void on(Call call, String name, Transfer transfer) {
        int fd = call.intArgument(0);
        Task task = tasks.of(call);
        Handle handle = task == null ? null : task.handle(call, fd);
        if (handle == null || task == null) {
            call.proceed();
            return;
        }
        try (handle) {
            long result = transfer.run(handle, task.process().memory());
            call.answer(result);
            trace.done(call, () -> text(call, name, handle), result);
        } catch (VfioException refused) {
            call.refuse(refused.errno());
            trace.refused(call, () -> text(call, name, handle), refused);
        }
    }

    private static String text(Call call, String name, Handle handle) {
        return name + "(" + call.intArgument(0) + "<" + handle.origin().path() + ">, " + call.argument(2) + " bytes"
                + (name.startsWith("p") ? " at 0x" + Long.toHexString(call.argument(3)) : "") + ")";
    }

    /** {@code read} and {@code write}. */
    void plain(Call call, boolean write) {
        on(call, write ? "write" : "read", (handle, memory) -> {
            long position = handle.position();
            long done = move(call, handle, memory, call.argument(1), call.argument(2), position, write);
            advance(handle, position + done);
            return done;
        });
    }

    /** {@code pread64} and {@code pwrite64}. */
    void positional(Call call, boolean write) {
        on(call, write ? "pwrite" : "pread", (handle, memory) -> {
            requirePosition(handle, call.argument(3));
            return move(call, handle, memory, call.argument(1), call.argument(2), call.argument(3), write);
        });
    }

    /** The vectored calls, or with a position {@code preadv} and {@code pwritev}. */
    void vector(Call call, boolean write, boolean positional) {
        on(call, (positional ? "p" : "") + (write ? "writev" : "readv"), (handle, memory) -> {
            if (positional) {
                requirePosition(handle, call.argument(3));
            }
            long start = positional ? call.argument(3) : handle.position();
            long done = moveVector(call, handle, memory, start, write);
            if (!positional) {
                advance(handle, start + done);
            }
            return done;
        });
    }

    private static long moveVector(Call call, Handle handle, AddressSpace memory, long start, boolean write) {
        int count = call.intArgument(2);
        if (count < 0 || count > IOV_MAX) {
            throw new VfioException(Errno.EINVAL, count + " pieces are not 0 to " + IOV_MAX);
        }
        try (var arena = Arena.ofConfined()) {
            MemorySegment pieces = arena.allocate(Math.max(1, count) * 16L, 8);
            memory.read(call.argument(1), pieces, 0, count * 16L);
            long done = 0;
            for (int i = 0; i < count; i++) {
                long address = pieces.get(ValueLayout.JAVA_LONG, i * 16L);
                long bytes = pieces.get(ValueLayout.JAVA_LONG, i * 16L + 8);
                if (bytes < 0) {
                    throw new VfioException(Errno.EINVAL, "piece " + i + " has " + bytes + " bytes");
                }
                long moved;
                try {
                    moved = bytes == 0 ? 0 : move(call, handle, memory, address, bytes, start + done, write);
                } catch (VfioException refused) {
                    if (done == 0) {
                        throw refused;
                    }
                    return done;
                }
                done += moved;
                if (moved < bytes) {
                    break;
                }
            }
            return done;
        }
    }

    private static void requirePosition(Handle handle, long position) {
        if (position < 0) {
            throw new VfioException(Errno.EINVAL, "negative file position " + position);
        }
        if (!handle.file().positional()) {
            throw new VfioException(Errno.ESPIPE, handle.origin().path() + " has no file position");
        }
    }

    private static void advance(Handle handle, long position) {
        if (handle.file().positional()) {
            handle.moveTo(position);
        }
    }

    private static long move(
            Call call, Handle handle, AddressSpace memory, long address, long count, long position, boolean write) {
        if (write ? !handle.writable() : !handle.readable()) {
            throw new VfioException(
                    Errno.EBADF, handle.origin().path() + " is not open for " + (write ? "writing" : "reading"));
        }
        if (!memory.isUserRange(address, count)) {
            throw new VfioException(
                    Errno.EFAULT, count + " bytes at 0x" + Long.toHexString(address) + " are no user memory");
        }
        if (position > Long.MAX_VALUE - count) {
            throw new VfioException(Errno.EINVAL, count + " bytes at position " + position + " end beyond the largest");
        }
        long wanted = Math.min(count, MAX_COUNT);
        long done = 0;
        do { // at least once: a file has its own answer to a count of 0
            int part = (int) Math.min(wanted - done, Call.BOUNCE_SIZE);
            MemorySegment buffer = call.bounce().asSlice(0, part);
            if (write) {
                memory.read(address + done, buffer, 0, part);
            }
            long moved;
            try {
                moved = write
                        ? handle.file().write(position + done, buffer)
                        : handle.file().read(position + done, buffer);
            } catch (VfioException refused) {
                if (done == 0) {
                    throw refused;
                }
                return done;
            }
            if (!write) {
                memory.write(address + done, buffer, 0, moved);
            }
            done += moved;
            if (moved < part) {
                break;
            }
        } while (done < wanted);
        return done;
    }

    /** {@code lseek}: only attributes and texts have a position that can be moved. */
    void seek(Call call) {
        on(call, "lseek", (handle, memory) -> {
            if (!(handle.file() instanceof AttributeFile) && !(handle.file() instanceof TextFile)) {
                throw new VfioException(Errno.ESPIPE, handle.origin().path() + " cannot be sought in");
            }
            long offset = call.argument(1);
            long next = switch (call.intArgument(2)) {
                case 0 -> offset;
                case SEEK_CUR -> handle.position() + offset;
                case SEEK_END -> size(handle) + offset;
                default -> -1;
            };
            if (next < 0) {
                throw new VfioException(Errno.EINVAL, "position " + next + " cannot be taken");
            }
            handle.moveTo(next);
            return next;
        });
    }

    /** Where a file ends: an attribute where {@code stat} says, whatever is in it (kernel: {@code generic_file_llseek}). */
    private static long size(Handle handle) {
        return handle.origin()
                .node()
                .filter(VirtualTree.Attribute.class::isInstance)
                .map(node -> ((VirtualTree.Attribute) node).size())
                .orElse(0L);
    }
}
