// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.vfio4j.uapi.Errno;

/**
 * One request of the kernel ({@code struct fuse_in_header} and what follows), with room for its answer. A server's thread uses
 * one object again and again.
 */
final class FuseRequest {
    /** Most bytes of one write or read. */
    static final int MOST_BYTES = 64 << 10;

    /** {@code sizeof(struct fuse_in_header)}: arguments start here. */
    static final int ARGUMENTS = 40;

    private static final int HEADER_OUT = 16;
    private static final int LARGEST_ARGUMENTS = 4096 - ARGUMENTS;

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final MemorySegment in;
    private final MemorySegment out;
    private int size;
    private int bytes;
    private boolean answered;

    FuseRequest(Arena arena) {
        in = arena.allocate(ARGUMENTS + LARGEST_ARGUMENTS + MOST_BYTES, Long.BYTES);
        out = arena.allocate(HEADER_OUT + MOST_BYTES, Long.BYTES);
    }

    /** Room for a request. */
    MemorySegment room() {
        return in;
    }

    /** A request has been read into the room. */
    void received(int length) {
        size = length;
        bytes = 0;
        answered = true;
        out.asSlice(0, 256).fill((byte) 0); // no answer but data is longer
        out.set(LONG, 8, in.get(LONG, 8));
    }

    int opcode() {
        return in.get(INT, 4);
    }

    /** The node it is about. */
    long node() {
        return in.get(LONG, 16);
    }

    int uid() {
        return in.get(INT, 24);
    }

    int gid() {
        return in.get(INT, 28);
    }

    /** The calling thread; 0 when its number cannot be told here. */
    int tid() {
        return in.get(INT, 32);
    }

    int intAt(int offset) {
        return in.get(INT, ARGUMENTS + offset);
    }

    long longAt(int offset) {
        return in.get(LONG, ARGUMENTS + offset);
    }

    /** The name that ends the request. */
    String name() {
        return in.getString(ARGUMENTS, StandardCharsets.UTF_8);
    }

    /** Data that ends the request. */
    MemorySegment data(int offset, int length) {
        return in.asSlice(ARGUMENTS + offset, Math.min(length, size - ARGUMENTS - offset));
    }

    /** Where an answer's data go. */
    MemorySegment body() {
        return out.asSlice(HEADER_OUT);
    }

    void put(int offset, long value) {
        out.set(LONG, HEADER_OUT + offset, value);
    }

    void put(int offset, int value) {
        out.set(INT, HEADER_OUT + offset, value);
    }

    void put(int offset, short value) {
        out.set(SHORT, HEADER_OUT + offset, value);
    }

    /** Answers with bytes of the body. */
    void answer(int length) {
        bytes = length;
        out.set(INT, 4, 0);
    }

    /** Answers with an errno. */
    void refuse(Errno errno) {
        bytes = 0;
        out.set(INT, 4, -errno.number());
    }

    /** This kind of request has no answer. */
    void noAnswer() {
        answered = false;
    }

    boolean hasAnswer() {
        return answered;
    }

    /** Whether the answer is no errno. */
    boolean answeredWell() {
        return out.get(INT, 4) == 0;
    }

    /** The number that the answer starts with: of a node or an open file. */
    long promised() {
        return out.get(LONG, HEADER_OUT);
    }

    /** The answer as the kernel reads it. */
    MemorySegment answer() {
        out.set(INT, 0, HEADER_OUT + bytes);
        return out.asSlice(0, HEADER_OUT + bytes);
    }
}
