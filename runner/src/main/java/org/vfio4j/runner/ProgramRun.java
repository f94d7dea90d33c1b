// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.vfio4j.SysView;
import org.vfio4j.Vfio;
import org.vfio4j.runner.call.CallTable;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.file.LateWrites;
import org.vfio4j.runner.file.StartGate;
import org.vfio4j.runner.path.TreeView;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.runner.watch.Watch;
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
    private final ProgramSys sys;

    /**
     * Gets ready to intercept calls.
     *
     * @throws VfioException ENOSYS, EPERM, EBUSY: calls cannot be intercepted here, or {@code /sys} cannot be mounted and must
     */
    ProgramRun(Vfio vfio, Optional<Consumer<String>> lines, SysView view) {
        KernelVersion.running().require();
        trace = new Trace(lines);
        watch = new Watch();
        lateWrites = new LateWrites((path, reason) -> trace.lateRefusal(path, reason));
        handles = new Handles(watch, lateWrites);
        tasks = new Tasks(vfio.memory(), handles, watch);
        sys = new ProgramSys(vfio.tree(), view, new SysClients(tasks, handles, trace), handles.directory(), trace);
        starter = new FilteredThread();
        try {
            sys.prepare(starter);
            starter.intercept(
                    new CallTable(new TreeView(vfio.tree(), sys::mounted), handles, lateWrites, tasks, trace));
        } catch (VfioException e) {
            close();
            throw e;
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
            return sys.start(
                    program,
                    () -> starter.call(() -> StartGate.start(() -> DescriptorLimit.applyDuring(program::start))));
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException reason) {
                throw notStarted(program.command().getFirst(), reason);
            }
            throw e;
        } catch (IOException e) {
            throw new VfioException(Errno.EIO, "what starting a program needs cannot be made: " + e, e);
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

    /** How many files of the programs are mapped here for devices. */
    int mappedFiles() {
        return tasks.mappedFiles();
    }

    /** The folder of the real files that stand for the machine's in programs; gone when the run is closed. */
    Path folder() {
        return handles.directory();
    }

    @Override
    public void close() {
        starter.close();
        sys.close();
        tasks.close();
        handles.close();
        lateWrites.close();
        watch.close();
    }
}
