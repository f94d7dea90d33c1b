// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.mount;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.vfio4j.runner.file.StartGate;
import org.vfio4j.runner.fuse.FuseClients;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A mounted {@code /sys} for programs of a user without rights: whoever makes a user namespace is its root and may mount there. A JVM
 * cannot make one for a thread, so each program is started through util-linux' {@code unshare} and a small script that mounts, and
 * this process serves what was mounted. In a second user namespace the program is the user it would be without. Thread-safe.
 */
public final class UserNamespaces implements AutoCloseable {
    private static final String SCRIPT = "mount-sys.sh";
    private static final Path DEVICE = Path.of("/dev/fuse");
    private static final long PATIENCE_SECONDS = 10;

    private final VirtualTree tree;
    private final FuseClients clients;
    private final Path folder;
    private final String user;
    private final String group;
    private final AtomicInteger starts = new AtomicInteger();
    private final Queue<AutoCloseable> servers = new ConcurrentLinkedQueue<>();

    private UserNamespaces(VirtualTree tree, FuseClients clients, Path folder, String user, String group) {
        this.tree = tree;
        this.clients = clients;
        this.folder = folder;
        this.user = user;
        this.group = group;
    }

    /**
     * Looks whether it is possible.
     *
     * @param folder where files can be made
     * @throws VfioException EACCES when {@code /dev/fuse} is not for us, EPERM when the tools are missing or the system does not
     *     let users have namespaces
     */
    public static UserNamespaces prepare(VirtualTree tree, FuseClients clients, Path folder) {
        if (!Files.isReadable(DEVICE) || !Files.isWritable(DEVICE)) {
            throw new VfioException(Errno.EACCES, DEVICE + " cannot be opened");
        }
        try {
            var attributes = Files.readAttributes(folder, "unix:uid,gid");
            String user = String.valueOf(attributes.get("uid"));
            String group = String.valueOf(attributes.get("gid"));
            var command = new ArrayList<>(outer());
            command.addAll(inner(user, group));
            command.add("true");
            var trial = StartGate.start(new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)::start);
            if (!trial.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || trial.exitValue() != 0) {
                trial.destroyForcibly();
                throw new VfioException(Errno.EPERM, "users may have no namespaces of their own here");
            }
            return new UserNamespaces(tree, clients, folder, user, group);
        } catch (IOException noTool) {
            throw new VfioException(Errno.EPERM, "unshare(1) cannot be used: " + noTool.getMessage(), noTool);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new VfioException(Errno.EINTR, "interrupted", e);
        }
    }

    private static List<String> outer() {
        return List.of("unshare", "--user", "--map-root-user", "--mount", "--propagation", "slave", "--");
    }

    private static List<String> inner(String user, String group) {
        return List.of("unshare", "--user", "--map-user=" + user, "--map-group=" + group, "--");
    }

    /** A program that is to be started. */
    public final class Start {
        private final MergedSys sys = new MergedSys(tree);
        private final Path own;
        private final MountTalk talk;
        private final List<String> command;

        private Start(List<String> program) throws IOException {
            own = Files.createDirectory(folder.resolve("user" + starts.incrementAndGet()));
            Path place = Files.createDirectory(own.resolve("sys"));
            talk = new MountTalk(own);
            try (InputStream text = UserNamespaces.class.getResourceAsStream(SCRIPT)) {
                Files.copy(Objects.requireNonNull(text, SCRIPT), own.resolve(SCRIPT));
            }
            Files.writeString(
                    own.resolve("fstab"),
                    sys.places().stream()
                            .map(path -> escaped(path) + " "
                                    + escaped(place + path.substring(MergedSys.SYS.length()))
                                    + " none rbind 0 0\n")
                            .collect(Collectors.joining()));
            command = new ArrayList<>(outer());
            command.addAll(List.of(
                    "sh",
                    own.resolve(SCRIPT).toString(),
                    place.toString(),
                    own.resolve("fstab").toString(),
                    talk.ask().toString(),
                    talk.answer().toString(),
                    user,
                    group));
            command.addAll(program);
        }

        /** What to start instead. */
        public List<String> command() {
            return List.copyOf(command);
        }

        /** What the tools said when it could not be mounted. */
        public String failure() {
            try {
                return String.join("; ", Files.readAllLines(own.resolve("sys.log")));
            } catch (IOException e) {
                return "nobody said why";
            }
        }

        /**
         * Serves what it mounts, once it was started, up to the moment before the program itself begins.
         *
         * @param mounted called when {@code /sys} is mounted, before the program begins
         * @param failed called when it could not be; if this returns the program runs without
         * @throws VfioException EPERM when the process has ended before
         */
        public void serve(Process process, Runnable mounted, Runnable failed) {
            talk.serve(process, sys, clients, servers::add, mounted, failed);
        }
    }

    /**
     * Prepares the start of a program.
     *
     * @throws IOException when no files can be made
     */
    public Start start(List<String> program) throws IOException {
        return new Start(program);
    }

    /** As {@code fstab(5)} wants names. */
    private static String escaped(String path) {
        return path.replace("\\", "\\134")
                .replace(" ", "\\040")
                .replace("\t", "\\011")
                .replace("\n", "\\012")
                .replace("#", "\\043");
    }

    @Override
    public void close() {
        for (AutoCloseable server : servers) {
            try {
                server.close();
            } catch (Exception e) {
                throw new IllegalStateException("a server cannot be closed", e);
            }
        }
    }
}
