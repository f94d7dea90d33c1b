// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vfio4j.SysView;
import org.vfio4j.Vfio;
import org.vfio4j.runner.call.CallTable;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.file.LateWrites;
import org.vfio4j.runner.mount.MountedSys;
import org.vfio4j.runner.path.TreeView;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.runner.watch.Watch;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Programs that run on a machine, from the first to the end of all. Closing it releases everything they had open, also those that
 * still run; their further calls on it are answered with ENOSYS. Thread-safe.
 */
final class ProgramRun implements AutoCloseable {
    private static final Pattern ERROR = Pattern.compile("error[:=] ?(\\d+)");

    private final Trace trace;
    private final Watch watch;
    private final LateWrites lateWrites;
    private final Handles handles;
    private final Tasks tasks;
    private final FilteredThread starter;
    private @Nullable MountedSys sys;

    /**
     * Gets ready to intercept calls.
     *
     * @throws VfioException when calls cannot be intercepted here, or {@code /sys} cannot be mounted and must
     */
    ProgramRun(Vfio vfio, Optional<Consumer<String>> lines, SysView view) {
        trace = new Trace(lines);
        watch = new Watch();
        lateWrites = new LateWrites((path, reason) -> trace.lateRefusal(path, reason));
        handles = new Handles(watch, lateWrites);
        tasks = new Tasks(vfio.memory(), handles, watch);
        starter = new FilteredThread();
        try {
            sys = view == SysView.INTERCEPT ? intercepted("as asked for") : mount(vfio.tree(), view);
            var tree = new TreeView(vfio.tree(), sys != null);
            starter.intercept(new CallTable(tree, handles, lateWrites, tasks, trace));
        } catch (VfioException e) {
            close();
            throw e;
        }
    }

    private @Nullable MountedSys intercepted(String reason) {
        trace.note("vfio4j: calls with paths of /sys are intercepted: " + reason);
        return null;
    }

    private @Nullable MountedSys mount(VirtualTree tree, SysView view) {
        try {
            var place = handles.directory().resolve("sys");
            Files.createDirectory(place);
            var mounted = MountedSys.make(tree, new SysClients(tasks, handles, trace), starter, place);
            trace.note("vfio4j: /sys is mounted in a namespace of the program's own");
            return mounted;
        } catch (VfioException e) {
            if (view == SysView.MOUNT) {
                throw new VfioException(e.errno(), "/sys cannot be mounted for the program: " + e.getMessage(), e);
            }
            return intercepted(e.getMessage());
        } catch (IOException e) {
            throw new VfioException(Errno.EIO, "no place to mount /sys at can be made: " + e, e);
        }
    }

    /** The JDK tells the errno in its text only: {@code error: 13} or {@code error=13}. */
    private static VfioException notStarted(String program, IOException reason) {
        String text = String.valueOf(reason.getMessage());
        var told = ERROR.matcher(text);
        int number = told.find() ? Integer.parseInt(told.group(1)) : Errno.ENOENT.number();
        if (number == Errno.EACCES.number()) {
            return new VfioException(Errno.EACCES, program + " cannot be started: permission denied", reason);
        }
        if (number == Errno.ENOENT.number()) {
            return new VfioException(Errno.ENOENT, program + " cannot be started: there is no such program", reason);
        }
        return new VfioException(Errno.ENOENT, program + " cannot be started: " + text, reason);
    }

    /**
     * Starts a program.
     *
     * @throws VfioException ENOENT, EACCES
     */
    Process start(ProcessBuilder program) {
        try {
            return starter.call(() -> DescriptorLimit.applyDuring(program::start));
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException reason) {
                throw notStarted(program.command().getFirst(), reason);
            }
            throw e;
        }
    }

    /** The last refusal, with its reason. */
    Optional<String> lastRefusal() {
        return trace.lastRefusal();
    }

    /** How many files the programs have open. */
    int openFiles() {
        handles.drain();
        return handles.count();
    }

    @Override
    public void close() {
        starter.close();
        var mounted = sys;
        if (mounted != null) {
            mounted.close();
        }
        tasks.close();
        handles.close();
        lateWrites.close();
        watch.close();
    }
}
