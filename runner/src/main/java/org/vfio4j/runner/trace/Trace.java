// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.trace;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.uapi.VfioException;

/**
 * Tells what the program asked of the machine: one line for each call, and the last refusal. Texts are made only when somebody
 * reads them. Thread-safe.
 */
public final class Trace {
    private static final int O_CLOEXEC = 0x80000;

    private final @Nullable Consumer<String> lines;
    private final CommandText commands = new CommandText();
    private volatile @Nullable Supplier<String> lastRefusal;

    /** Tells a consumer, or nobody. */
    public Trace(Optional<Consumer<String>> lines) {
        this.lines = lines.orElse(null);
    }

    /** The last refusal, with its reason. */
    public Optional<String> lastRefusal() {
        return Optional.ofNullable(lastRefusal).map(Supplier::get);
    }

    /** How the run goes about something. */
    public void note(String sentence) {
        if (lines != null) {
            lines.accept(sentence);
        }
    }

    /** Whether anybody reads the lines. */
    public boolean isOn() {
        return lines != null;
    }

    /** Something to know of a call that the kernel makes. */
    public void note(Call call, String text) {
        if (lines != null) {
            lines.accept("[" + call.tid() + "] " + text);
        }
    }

    /** A call was answered. */
    public void done(Call call, Supplier<String> text, long result) {
        done(call.tid(), text, result);
    }

    /** A thread's call was answered. */
    public void done(int tid, Supplier<String> text, long result) {
        if (lines != null) {
            lines.accept("[" + tid + "] " + text.get() + " = " + result);
        }
    }

    /** A call was refused. */
    public void refused(Call call, Supplier<String> text, VfioException reason) {
        refused(call.tid(), text, reason);
    }

    /** A thread's call was refused. */
    public void refused(int tid, Supplier<String> text, VfioException reason) {
        String what = text.get();
        lastRefusal = () -> what + " = " + reason(reason);
        if (lines != null) {
            lines.accept("[" + tid + "] " + what + " = -1 " + reason(reason));
        }
    }

    /** A question was answered with an errno, which is no refusal worth remembering. */
    public void answered(Call call, Supplier<String> text, VfioException reason) {
        if (lines != null) {
            lines.accept("[" + call.tid() + "] " + text.get() + " = -1 " + reason(reason));
        }
    }

    /** A device-control call was answered. */
    public void ioctlDone(Call call, AddressSpace memory, Handle handle, int command, long argument, long result) {
        commands.note(handle, command, argument);
        if (lines != null) {
            lines.accept("[" + call.tid() + "] ioctl(" + call.intArgument(0) + "<"
                    + handle.origin().path() + ">, " + commands.text(memory, handle, command, argument) + ") = "
                    + result);
        }
    }

    /** A device-control call was refused. */
    public void ioctlRefused(
            Call call, AddressSpace memory, Handle handle, int command, long argument, VfioException reason) {
        String place = "ioctl(" + call.intArgument(0) + "<" + handle.origin().path() + ">, ";
        lastRefusal = () -> place + commands.name(handle, command) + ") = " + reason(reason);
        if (lines != null) {
            lines.accept("[" + call.tid() + "] " + place + commands.text(memory, handle, command, argument) + ") = -1 "
                    + reason(reason));
        }
    }

    /** An attribute refused a write that had been done already. */
    public void lateRefusal(String path, VfioException reason) {
        lastRefusal = () -> "write to " + path + " = " + reason(reason);
        if (lines != null) {
            lines.accept("write to " + path + " = -1 " + reason(reason) + ", too late for the writer");
        }
    }

    private static String reason(VfioException reason) {
        return reason.errno() + " (" + reason.getMessage()
                + reason.rule().map(rule -> "; " + rule).orElse("") + ")";
    }

    /** Open flags as people write them. */
    public static String openFlags(int flags) {
        String mode = switch (flags & 3) {
            case 0 -> "O_RDONLY";
            case 1 -> "O_WRONLY";
            case 2 -> "O_RDWR";
            default -> "3";
        };
        return (flags & O_CLOEXEC) != 0 ? mode + "|O_CLOEXEC" : mode;
    }
}
