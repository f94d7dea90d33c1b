// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.mount;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import org.vfio4j.runner.fuse.FuseClients;
import org.vfio4j.runner.fuse.FuseIds;
import org.vfio4j.runner.fuse.FuseServer;
import org.vfio4j.runner.path.NodeChanges;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.VfioException;

/**
 * A {@code /sys} and a {@code /dev} that programs see natively. Closing it makes the machine's part fail for whoever is left; the
 * rest stays as long as they do. Thread-safe.
 */
public final class MountedTree implements AutoCloseable {
    private final FuseServer server;

    private MountedTree(FuseServer server) {
        this.server = server;
    }

    /** A thread that gives a mount namespace to what it starts. */
    public interface Starter {
        /**
         * Does something in the thread and waits for it.
         *
         * @throws CompletionException with what it threw
         */
        <T> T call(Callable<T> action);
    }

    /**
     * Makes it in a mount namespace of a thread. The calling thread must be in another one. When this fails the thread sees what
     * it saw before.
     *
     * @throws VfioException EPERM without {@code CAP_SYS_ADMIN}; ENOENT, EACCES, ENODEV: there is no FUSE for us, or no place
     */
    public static MountedTree make(VirtualTree tree, NodeChanges changes, FuseClients clients, Starter starter) {
        try (var place = new MountPlace()) {
            return make(tree, changes, clients, starter, place.path());
        }
    }

    /**
     * The same.
     *
     * @param place an empty directory to put it together in, empty again afterwards
     */
    public static MountedTree make(
            VirtualTree tree, NodeChanges changes, FuseClients clients, Starter starter, Path place) {
        int fd = FuseServer.openDevice();
        var merged = new MergedTree(tree);
        var namespace = new TreeNamespace(place);
        var server = new FuseServer(fd, merged, changes, clients, FuseIds.same());
        try {
            inThread(starter, () -> {
                namespace.separate();
                namespace.mount(fd);
            });
            server.start();
            inThread(starter, () -> namespace.complete(merged.places()));
        } catch (VfioException e) {
            server.close();
            throw e;
        }
        return new MountedTree(server);
    }

    private static void inThread(Starter starter, Runnable steps) {
        try {
            starter.call(() -> {
                steps.run();
                return null;
            });
        } catch (CompletionException e) {
            if (e.getCause() instanceof VfioException refused) {
                throw refused;
            }
            throw e;
        }
    }

    /** How many threads that serve it have not ended. */
    public int threads() {
        return server.threads();
    }

    @Override
    public void close() {
        server.close();
    }
}
