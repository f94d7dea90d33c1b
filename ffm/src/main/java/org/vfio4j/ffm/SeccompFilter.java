// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Assembles a filter for {@code seccomp(2)}: classic BPF over {@code struct seccomp_data}. Conditions look at 32-bit words; a
 * condition that holds goes on with the next instruction, one that does not jumps to a label. Labels lie ahead only. Not
 * thread-safe.
 */
public final class SeccompFilter {
    /** {@code SECCOMP_RET_ALLOW}: the call is made as if there were no filter. */
    public static final int ALLOW = 0x7fff0000;

    /** {@code SECCOMP_RET_USER_NOTIF}: whoever has the listener decides. */
    public static final int NOTIFY = 0x7fc00000;

    /** {@code SECCOMP_RET_ERRNO}; the errno is added. */
    public static final int ERRNO = 0x00050000;

    /** {@code AUDIT_ARCH_X86_64}. */
    public static final int ARCH_X86_64 = 0xc000003e;

    private static final int OFFSET_NUMBER = 0;
    private static final int OFFSET_ARCH = 4;
    private static final int OFFSET_ARGUMENTS = 16;

    private static final int LOAD_WORD = 0x20;
    private static final int AND = 0x54;
    private static final int JUMP = 0x05;
    private static final int JUMP_EQUAL = 0x15;
    private static final int JUMP_AT_LEAST = 0x35;
    private static final int JUMP_ANY_BIT = 0x45;
    private static final int RETURN = 0x06;

    private static final int INSTRUCTION_SIZE = 8;
    private static final int PROGRAM_SIZE = 16;

    private record Instruction(int code, int jumpTrue, int jumpFalse, int operand, String label) {}

    private final List<Instruction> instructions = new ArrayList<>();
    private final Map<String, Integer> labels = new HashMap<>();

    /** An empty filter. */
    public SeccompFilter() {}

    /** Loads the architecture. */
    public SeccompFilter loadArch() {
        return plain(LOAD_WORD, OFFSET_ARCH);
    }

    /** Loads the system call's number. */
    public SeccompFilter loadNumber() {
        return plain(LOAD_WORD, OFFSET_NUMBER);
    }

    /** Loads bits 0 to 31 of an argument, 0 to 5. */
    public SeccompFilter loadLow(int argument) {
        return plain(LOAD_WORD, OFFSET_ARGUMENTS + 8 * argument);
    }

    /** Loads bits 32 to 63 of an argument, 0 to 5. */
    public SeccompFilter loadHigh(int argument) {
        return plain(LOAD_WORD, OFFSET_ARGUMENTS + 8 * argument + 4);
    }

    /** Keeps only some bits of what is loaded. */
    public SeccompFilter and(int mask) {
        return plain(AND, mask);
    }

    /** Goes on if what is loaded equals a value. */
    public SeccompFilter ifEqual(int value, String otherwise) {
        return condition(JUMP_EQUAL, value, otherwise);
    }

    /** Goes on if what is loaded is a value or above it, unsigned. */
    public SeccompFilter ifAtLeast(int value, String otherwise) {
        return condition(JUMP_AT_LEAST, value, otherwise);
    }

    /** Goes on if one of some bits is set. */
    public SeccompFilter ifAnyBit(int mask, String otherwise) {
        return condition(JUMP_ANY_BIT, mask, otherwise);
    }

    /** Jumps. */
    public SeccompFilter jump(String label) {
        instructions.add(new Instruction(JUMP, 0, 0, 0, label));
        return this;
    }

    /** Ends with an action. */
    public SeccompFilter end(int action) {
        return plain(RETURN, action);
    }

    /** Names the next instruction. */
    public SeccompFilter label(String name) {
        if (labels.put(name, instructions.size()) != null) {
            throw new IllegalArgumentException("the label " + name + " is there already");
        }
        return this;
    }

    private SeccompFilter plain(int code, int operand) {
        instructions.add(new Instruction(code, 0, 0, operand, ""));
        return this;
    }

    /** A conditional jump reaches 255 instructions, an unconditional one any: a condition skips the latter. */
    private SeccompFilter condition(int code, int operand, String otherwise) {
        instructions.add(new Instruction(code, 1, 0, operand, ""));
        return jump(otherwise);
    }

    /** How many instructions there are. */
    public int size() {
        return instructions.size();
    }

    /** {@code struct sock_fprog} with its instructions. */
    MemorySegment assemble(SegmentAllocator allocator) {
        MemorySegment code = allocator.allocate((long) instructions.size() * INSTRUCTION_SIZE, Long.BYTES);
        for (int i = 0; i < instructions.size(); i++) {
            Instruction instruction = instructions.get(i);
            long at = (long) i * INSTRUCTION_SIZE;
            code.set(ValueLayout.JAVA_SHORT, at, (short) instruction.code);
            code.set(ValueLayout.JAVA_BYTE, at + 2, (byte) instruction.jumpTrue);
            code.set(ValueLayout.JAVA_BYTE, at + 3, (byte) instruction.jumpFalse);
            code.set(
                    ValueLayout.JAVA_INT,
                    at + 4,
                    instruction.label.isEmpty() ? instruction.operand : distance(i, instruction.label));
        }
        MemorySegment program = allocator.allocate(PROGRAM_SIZE, Long.BYTES);
        program.set(ValueLayout.JAVA_SHORT, 0, (short) instructions.size());
        program.set(ValueLayout.ADDRESS, 8, code);
        return program;
    }

    private int distance(int from, String label) {
        Integer target = labels.get(label);
        if (target == null || target <= from) {
            throw new IllegalStateException("the label " + label + " does not lie ahead");
        }
        return target - from - 1;
    }
}
