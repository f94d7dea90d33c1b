// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxProcessMaps;

/** What is mapped in a program (kernel: {@code struct vm_area_struct}). One thread, for the length of a call. */
final class MemoryAreas implements AutoCloseable {
    private static final int ENOTTY = 25;
    private static final int NAME_ROOM = 512;
    private static final int TEXT_PART = 64 << 10;
    private static final int BASE_PAGE = 4096;
    private static final int HUGE_PAGE = 2 << 20;

    /**
     * One area.
     *
     * @param end exclusive
     * @param file path of the mapped file, or what the kernel calls the area; empty for plain memory
     */
    record Area(long start, long end, boolean readable, boolean writable, boolean ofFile, String file, long pageSize) {}

    private final Arena arena = Arena.ofConfined();
    private final int maps;
    private final MemorySegment query = arena.allocate(LinuxProcessMaps.QUERY_SIZE, Long.BYTES);
    private final MemorySegment name = arena.allocate(NAME_ROOM);
    private @Nullable String text;

    MemoryAreas(int maps) {
        this.maps = maps;
    }

    /** The area an address is in, or null. */
    @Nullable
    Area at(long address) {
        if (text != null) {
            return parsed(text, address);
        }
        query.fill((byte) 0);
        query.set(ValueLayout.JAVA_LONG, LinuxProcessMaps.QUERY_ADDRESS, address);
        query.set(ValueLayout.JAVA_INT, LinuxProcessMaps.NAME_SIZE, NAME_ROOM);
        query.set(ValueLayout.JAVA_LONG, LinuxProcessMaps.NAME_ADDRESS, name.address());
        int result = LinuxProcessMaps.query(maps, query);
        if (result == -ENOTTY) {
            text = readText();
            return parsed(text, address);
        }
        if (result != 0) {
            return null;
        }
        long flags = query.get(ValueLayout.JAVA_LONG, LinuxProcessMaps.FLAGS);
        return new Area(
                query.get(ValueLayout.JAVA_LONG, LinuxProcessMaps.START),
                query.get(ValueLayout.JAVA_LONG, LinuxProcessMaps.END),
                (flags & LinuxProcessMaps.READABLE) != 0,
                (flags & LinuxProcessMaps.WRITABLE) != 0,
                query.get(ValueLayout.JAVA_LONG, LinuxProcessMaps.INODE) != 0,
                query.get(ValueLayout.JAVA_INT, LinuxProcessMaps.NAME_SIZE) == 0 ? "" : name.getString(0),
                query.get(ValueLayout.JAVA_LONG, LinuxProcessMaps.PAGE_SIZE));
    }

    private String readText() {
        var part = arena.allocate(TEXT_PART);
        var all = new StringBuilder();
        long at = 0;
        long got;
        while ((got = LinuxFiles.pread(maps, part, at)) > 0) {
            all.append(new String(part.asSlice(0, got).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1));
            at += got;
        }
        return all.toString();
    }

    /** {@code 7f0000000000-7f0000001000 rw-s 00000000 00:01 1024   /path}. */
    private static @Nullable Area parsed(String text, long address) {
        for (String line : (Iterable<String>) text.lines()::iterator) {
            String[] words = line.split(" +", 6);
            int dash = words[0].indexOf('-');
            long end = Long.parseUnsignedLong(words[0].substring(dash + 1), 16);
            if (Long.compareUnsigned(address, end) >= 0) {
                continue;
            }
            long start = Long.parseUnsignedLong(words[0].substring(0, dash), 16);
            if (Long.compareUnsigned(address, start) < 0) {
                return null;
            }
            String file = words.length > 5 ? words[5] : "";
            boolean huge = file.startsWith("/anon_hugepage") || file.startsWith("/dev/hugepages");
            return new Area(
                    start,
                    end,
                    words[1].charAt(0) == 'r',
                    words[1].charAt(1) == 'w',
                    !words[4].equals("0"),
                    file,
                    huge ? HUGE_PAGE : BASE_PAGE);
        }
        return null;
    }

    @Override
    public void close() {
        arena.close();
    }
}
