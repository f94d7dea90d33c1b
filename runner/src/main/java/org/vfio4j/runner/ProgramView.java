// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.io.File;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vfio4j.SysView;
import org.vfio4j.runner.mount.MountedTree;
import org.vfio4j.runner.mount.UserNamespaces;
import org.vfio4j.runner.path.NodeChanges;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.VfioException;

/**
 * The way in which programs see the machine's {@code /sys} and {@code /dev}: mounted by a thread with the right to, in a user
 * namespace, or not at all. It is decided before the first program starts, since the filter depends on it.
 */
final class ProgramView implements AutoCloseable {
    private final @Nullable MountedTree mounted;
    private final @Nullable UserNamespaces namespaces;

    private ProgramView(@Nullable MountedTree mounted, @Nullable UserNamespaces namespaces) {
        this.mounted = mounted;
        this.namespaces = namespaces;
    }

    /**
     * Decides for a way and makes it.
     *
     * @param changes what programs changed of nodes
     * @param starter the thread that will start programs
     * @param folder where files are made
     * @throws VfioException when it must be mounted and cannot
     */
    static ProgramView make(
            SysView wanted,
            VirtualTree tree,
            NodeChanges changes,
            TreeClients clients,
            MountedTree.Starter starter,
            Path folder,
            Trace trace) {
        if (wanted == SysView.INTERCEPT) {
            return intercepted(trace, "as asked for");
        }
        try {
            var made = MountedTree.make(tree, changes, clients, starter);
            trace.note("vfio4j: /sys and /dev are mounted in a namespace of the program's own");
            return new ProgramView(made, null);
        } catch (VfioException first) {
            try {
                var made = UserNamespaces.prepare(tree, changes, clients, folder);
                trace.note("vfio4j: /sys and /dev are mounted in user and mount namespaces of the program's own");
                return new ProgramView(null, made);
            } catch (VfioException second) {
                String reason = first.getMessage() + "; " + second.getMessage();
                if (wanted == SysView.MOUNT) {
                    throw new VfioException(
                            first.errno(), "/sys and /dev cannot be mounted for the program: " + reason, second);
                }
                return intercepted(trace, reason);
            }
        }
    }

    private static ProgramView intercepted(Trace trace, String reason) {
        trace.note("vfio4j: calls with paths of /sys and /dev are intercepted: " + reason);
        return new ProgramView(null, null);
    }

    /** Whether programs see it mounted, so that calls with its paths are the kernel's business. */
    boolean isMounted() {
        return mounted != null || namespaces != null;
    }

    /**
     * Lets a program see it.
     *
     * @throws VfioException ENOENT, EACCES: there is no such program
     */
    void prepare(ProcessBuilder program) {
        var entered = namespaces;
        if (entered != null) {
            ProgramPath.require(program.command().getFirst());
            File directory = Optional.ofNullable(program.directory()).orElse(new File(""));
            program.command(entered.enter(program.command(), directory.toPath().toAbsolutePath()));
        }
    }

    @Override
    public void close() {
        if (mounted != null) {
            mounted.close();
        }
        if (namespaces != null) {
            namespaces.close();
        }
    }
}
