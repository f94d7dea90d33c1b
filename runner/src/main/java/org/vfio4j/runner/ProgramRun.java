// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.io.IOException;
import java.nio.file.Path;
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
import org.vfio4j.runner.file.StartGate;
import org.vfio4j.runner.path.NodeChanges;
import org.vfio4j.runner.path.RealLinks;
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
    private @Nullable ProgramView view;

    /**
     * Gets ready to intercept calls.
     *
     * @throws VfioException ENOSYS, EPERM, EBUSY: calls cannot be intercepted here, or the tree cannot be mounted and must; EMFILE,
     *     EACCES: the files it needs cannot be had
     */
    ProgramRun(Vfio vfio, Optional<Consumer<String>> lines, SysView wanted) {
        KernelVersion.running().require();
        trace = new Trace(lines);
        watch = new Watch();
        lateWrites = new LateWrites((path, reason) -> trace.lateRefusal(path, reason));
        handles = handles(watch, lateWrites);
        tasks = new Tasks(vfio.memory(), handles, watch);
        starter = new FilteredThread();
        try {
            var changes = new NodeChanges();
            var clients = new TreeClients(tasks, handles, trace);
            var made = ProgramView.make(wanted, vfio.tree(), changes, clients, starter, handles.directory(), trace);
            view = made;
            var tree = new TreeView(vfio.tree(), new RealLinks(handles), made.isMounted());
            starter.intercept(new CallTable(tree, changes, handles, lateWrites, tasks, trace), made.isMounted());
        } catch (VfioException e) {
            close();
            throw e;
        }
    }

    private static Handles handles(Watch watch, LateWrites lateWrites) {
        try {
            return new Handles(watch, lateWrites);
        } catch (VfioException e) {
            lateWrites.close();
            watch.close();
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
        String name = program.command().getFirst();
        if (view != null) {
            view.prepare(program);
        }
        try {
            return starter.call(() -> StartGate.start(() -> DescriptorLimit.applyDuring(program::start)));
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException reason) {
                throw notStarted(name, reason);
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
        if (view != null) {
            view.close();
        }
        tasks.close();
        handles.close();
        lateWrites.close();
        watch.close();
    }
}
