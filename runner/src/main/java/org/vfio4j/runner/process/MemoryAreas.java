// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxProcessMaps;

/** What is mapped in a program. One thread, for the length of a call. */
final class MemoryAreas implements AutoCloseable {
    private static final int ENOTTY = 25;

    /** {@code PATH_MAX} and what the kernel writes behind the path of a deleted file. */
    private static final int NAME_ROOM = 4096 + 16;

    private static final int TEXT_PART = 64 << 10;

    private final Arena arena = Arena.ofConfined();
    private final int maps;
    private final MemorySegment query = arena.allocate(LinuxProcessMaps.QUERY_SIZE, Long.BYTES);
    private final MemorySegment name = arena.allocate(NAME_ROOM);
    private @Nullable String text;

    /**
     * The areas as they are now.
     *
     * @param maps descriptor of {@code /proc/PID/maps}
     */
    MemoryAreas(int maps) {
        this.maps = maps;
    }

    /** The area an address is in, or null. */
    @Nullable
    MemoryArea at(long address) {
        if (text != null) {
            return MapsText.find(text, address);
        }
        query.fill((byte) 0);
        query.set(ValueLayout.JAVA_LONG, LinuxProcessMaps.QUERY_ADDRESS, address);
        query.set(ValueLayout.JAVA_INT, LinuxProcessMaps.NAME_SIZE, NAME_ROOM);
        query.set(ValueLayout.JAVA_LONG, LinuxProcessMaps.NAME_ADDRESS, name.address());
        int result = LinuxProcessMaps.query(maps, query);
        if (result == -ENOTTY) {
            text = readText();
            return MapsText.find(text, address);
        }
        if (result != 0) {
            return null;
        }
        long flags = query.get(ValueLayout.JAVA_LONG, LinuxProcessMaps.FLAGS);
        return new MemoryArea(
                query.get(ValueLayout.JAVA_LONG, LinuxProcessMaps.START),
                query.get(ValueLayout.JAVA_LONG, LinuxProcessMaps.END),
                (flags & LinuxProcessMaps.READABLE) != 0,
                (flags & LinuxProcessMaps.WRITABLE) != 0,
                (flags & LinuxProcessMaps.SHARED) != 0,
                new FileId(
                        query.get(ValueLayout.JAVA_INT, LinuxProcessMaps.MAJOR),
                        query.get(ValueLayout.JAVA_INT, LinuxProcessMaps.MINOR),
                        query.get(ValueLayout.JAVA_LONG, LinuxProcessMaps.INODE)),
                query.get(ValueLayout.JAVA_LONG, LinuxProcessMaps.FILE_OFFSET),
                query.get(ValueLayout.JAVA_INT, LinuxProcessMaps.NAME_SIZE) == 0 ? "" : name.getString(0),
                query.get(ValueLayout.JAVA_LONG, LinuxProcessMaps.PAGE_SIZE));
    }

    /** All of it, for kernels that do not answer questions about one address. */
    private String readText() {
        var part = arena.allocate(TEXT_PART);
        var all = new ByteArrayOutputStream();
        long got;
        while ((got = LinuxFiles.pread(maps, part, all.size())) > 0) {
            all.writeBytes(part.asSlice(0, got).toArray(ValueLayout.JAVA_BYTE));
        }
        return all.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        arena.close();
    }
}
