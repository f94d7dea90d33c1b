// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The funnel every system call goes through: it binds libc's functions and fetches {@code errno}.
 *
 * <p>errno belongs to the thread and the JVM may overwrite it between two calls, so it must be captured by the call itself. A
 * bound handle therefore takes {@link #captured()} as its first argument, and {@link #result(long)} reads from there.
 */
final class SystemCall {

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    static final AddressLayout POINTER = ValueLayout.ADDRESS;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CAPTURE_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CAPTURE_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    /** A thread's own errno slot. It lives as long as its thread can use it: the collector owns it. */
    private static final ThreadLocal<MemorySegment> CAPTURED =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE_STATE));

    private SystemCall() {}

    /**
     * Binds a libc function so that a call of it captures errno.
     *
     * @param name the C name, for example {@code "eventfd"}
     * @param signature the C signature, without the leading capture segment
     * @param options more linker options; a variadic function needs {@link Linker.Option#firstVariadicArg(int)}
     * @throws IllegalCallerException if this module may not call native code; the message names the missing flag
     * @throws UnsupportedOperationException if this system's C library has no such function
     */
    @SuppressWarnings("restricted") // the one place that binds native code
    static MethodHandle bind(String name, FunctionDescriptor signature, Linker.Option... options) {
        MemorySegment symbol = LINKER.defaultLookup()
                .find(name)
                .orElseThrow(() -> new UnsupportedOperationException("this system's C library has no " + name + "()"));
        Linker.Option[] all = new Linker.Option[options.length + 1];
        all[0] = Linker.Option.captureCallState("errno");
        System.arraycopy(options, 0, all, 1, options.length);
        try {
            return LINKER.downcallHandle(symbol, signature, all);
        } catch (IllegalCallerException e) {
            Module module = SystemCall.class.getModule();
            String caller = module.isNamed() ? module.getName() : "ALL-UNNAMED";
            throw new IllegalCallerException(
                    "native code may not be called: start java with --enable-native-access=" + caller, e);
        }
    }

    /**
     * Binds libc's {@code syscall(2)} for calls that libc has no function for.
     *
     * @param arguments how many arguments follow the number; each is passed as a 64-bit word
     */
    static MethodHandle bindNumbered(int arguments) {
        MemoryLayout[] words = new MemoryLayout[1 + arguments];
        Arrays.fill(words, LONG);
        return bind("syscall", FunctionDescriptor.of(LONG, words), Linker.Option.firstVariadicArg(1));
    }

    /**
     * Memory at an address the kernel gave.
     *
     * @param arena how long it lives
     * @param end gives it back, when the arena is closed
     */
    @SuppressWarnings("restricted") // the one place that makes segments of addresses
    static MemorySegment memory(long address, long length, Arena arena, Runnable end) {
        return MemorySegment.ofAddress(address).reinterpret(length, arena, gone -> end.run());
    }

    /** The calling thread's errno slot, to pass as the first argument of a bound handle. */
    static MemorySegment captured() {
        return CAPTURED.get();
    }

    /** The kernel's own answer from libc's: {@code returned} if the call succeeded, else this thread's errno, negated. */
    static long result(long returned) {
        return returned == -1 ? -(int) ERRNO.get(captured(), 0L) : returned;
    }

    /** What a downcall threw: a caller's mistake (a heap segment, a closed arena), never the kernel's refusal. */
    static RuntimeException mistake(Throwable thrown) {
        switch (thrown) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new AssertionError("a downcall throws no checked exception", thrown);
        }
    }
}
