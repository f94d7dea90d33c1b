// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.SysView;
import org.vfio4j.runner.mount.MountedSys;
import org.vfio4j.runner.mount.UserNamespaces;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The way in which programs see {@code /sys}: mounted by a thread with the right to, by the program itself, or by no one. */
final class ProgramSys implements AutoCloseable {
    private final Trace trace;
    private final VirtualTree tree;
    private final SysClients clients;
    private final Path folder;
    private final SysView view;
    private @Nullable MountedSys sys;
    private @Nullable UserNamespaces namespaces;
    private volatile boolean mounted;

    /** Nothing is mounted yet. Files are made in a folder. */
    ProgramSys(VirtualTree tree, SysView view, SysClients clients, Path folder, Trace trace) {
        this.view = view;
        this.tree = tree;
        this.clients = clients;
        this.folder = folder;
        this.trace = trace;
    }

    /** Whether programs see it mounted, so that calls with its paths are the kernel's business. */
    boolean mounted() {
        return mounted;
    }

    /**
     * Decides for a way.
     *
     * @param starter the thread that will start programs
     * @throws VfioException when it must be mounted and cannot
     */
    void prepare(MountedSys.Starter starter) {
        if (view == SysView.INTERCEPT) {
            intercepted("as asked for");
            return;
        }
        try {
            sys = MountedSys.make(tree, clients, starter, Files.createDirectory(folder.resolve("sys")));
            mounted = true;
            trace.note("vfio4j: /sys is mounted in a namespace of the program's own");
        } catch (VfioException refused) {
            prepareNamespaces(refused);
        } catch (IOException e) {
            throw new VfioException(Errno.EIO, "no place to mount /sys at can be made: " + e, e);
        }
    }

    private void prepareNamespaces(VfioException first) {
        try {
            namespaces = UserNamespaces.prepare(tree, clients, folder);
        } catch (VfioException refused) {
            String reason = first.getMessage() + "; " + refused.getMessage();
            if (view == SysView.MOUNT) {
                throw new VfioException(first.errno(), "/sys cannot be mounted for the program: " + reason, refused);
            }
            intercepted(reason);
        }
    }

    private void intercepted(String reason) {
        trace.note("vfio4j: calls with paths of /sys are intercepted: " + reason);
    }

    /**
     * Starts a program so that it sees it.
     *
     * @param start starts the program as its builder then says
     */
    Process start(ProcessBuilder program, Supplier<Process> start) throws IOException {
        var own = namespaces;
        if (own == null) {
            return start.get();
        }
        ProgramPath.require(program.command().getFirst());
        var prepared = own.start(program.command());
        program.command(prepared.command());
        Process process = start.get();
        try {
            prepared.serve(process, this::mountedThere, () -> failedThere(prepared.failure()));
        } catch (VfioException e) {
            process.destroyForcibly();
            throw e;
        }
        return process;
    }

    private void mountedThere() {
        mounted = true;
        trace.note("vfio4j: /sys is mounted in user and mount namespaces of the program's own");
    }

    private void failedThere(String reason) {
        if (view == SysView.MOUNT) {
            throw new VfioException(Errno.EPERM, "/sys cannot be mounted for the program: " + reason);
        }
        intercepted(reason);
    }

    @Override
    public void close() {
        if (sys != null) {
            sys.close();
        }
        if (namespaces != null) {
            namespaces.close();
        }
    }
}
