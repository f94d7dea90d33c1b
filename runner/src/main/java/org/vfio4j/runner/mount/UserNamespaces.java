// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.mount;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.ffm.LinuxPidfd;
import org.vfio4j.runner.file.StartGate;
import org.vfio4j.runner.fuse.FuseClients;
import org.vfio4j.runner.fuse.FuseIds;
import org.vfio4j.runner.fuse.FuseServer;
import org.vfio4j.runner.path.NodeChanges;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A mounted {@code /sys} and {@code /dev} for programs of a user without rights: whoever makes a user namespace is its root and may
 * mount there. A JVM cannot make one for a thread, so util-linux' {@code unshare} and a small script make it and mount, and this
 * process serves what was mounted and keeps the namespaces. Programs enter them with {@code nsenter}; in a second user namespace
 * below, each is the user it would be without. Thread-safe.
 */
public final class UserNamespaces implements AutoCloseable {
    private static final String SCRIPT = "mount-tree.sh";
    private static final Path DEVICE = Path.of("/dev/fuse");
    private static final int FUSE_DESCRIPTOR = 9;
    private static final long PATIENCE_SECONDS = 10;

    private final int uid;
    private final int gid;
    private final FuseServer server;
    private final Space space;

    /** Descriptors of the namespaces. */
    private record Space(int user, int mount) implements AutoCloseable {
        static Space of(long pid) {
            int user = open(pid, "user");
            try {
                return new Space(user, open(pid, "mnt"));
            } catch (VfioException e) {
                LinuxFiles.close(user);
                throw e;
            }
        }

        private static int open(long pid, String kind) {
            String path = "/proc/" + pid + "/ns/" + kind;
            int fd = LinuxPaths.open(path, LinuxPaths.O_RDONLY | LinuxPaths.O_CLOEXEC, 0);
            if (fd < 0) {
                throw new VfioException(Errno.of(-fd), path + " cannot be opened");
            }
            return fd;
        }

        @Override
        public void close() {
            LinuxFiles.close(user);
            LinuxFiles.close(mount);
        }
    }

    /**
     * Makes the namespaces, with everything mounted.
     *
     * @param folder where files can be made
     * @throws VfioException EACCES when {@code /dev/fuse} is not for us, EPERM when the tools are missing or the system does not
     *     let users have namespaces or mount in them
     */
    public static UserNamespaces prepare(VirtualTree tree, NodeChanges changes, FuseClients clients, Path folder) {
        if (!Files.isReadable(DEVICE) || !Files.isWritable(DEVICE)) {
            throw new VfioException(Errno.EACCES, DEVICE + " cannot be opened");
        }
        try (var place = new MountPlace()) {
            Path own = Files.createDirectory(folder.resolve("namespaces"));
            return new UserNamespaces(tree, changes, clients, own, place.path());
        } catch (IOException noTool) {
            throw new VfioException(Errno.EPERM, "unshare(1) cannot be used: " + noTool.getMessage(), noTool);
        }
    }

    private UserNamespaces(VirtualTree tree, NodeChanges changes, FuseClients clients, Path own, Path place)
            throws IOException {
        uid = (int) Files.getAttribute(own, "unix:uid");
        gid = (int) Files.getAttribute(own, "unix:gid");
        var merged = new MergedTree(tree);
        try (InputStream text = UserNamespaces.class.getResourceAsStream(SCRIPT)) {
            Files.copy(Objects.requireNonNull(text, SCRIPT), own.resolve(SCRIPT));
        }
        Files.writeString(
                own.resolve("fstab"),
                merged.places().stream()
                        .map(real -> escaped(real.source()) + " " + escaped(place + real.target())
                                + " none rbind,nofail 0 0\n")
                        .collect(Collectors.joining()));
        try (var talk = new MountTalk(own)) {
            Process script = start(own, place, talk);
            try {
                server = serve(talk, script, merged, changes, clients);
                try {
                    space = mounted(talk, script, own.resolve("log"));
                } catch (VfioException e) {
                    server.close();
                    throw e;
                }
            } finally {
                script.destroyForcibly();
            }
        }
        try {
            requireEntry();
        } catch (VfioException | IOException e) {
            close();
            throw e;
        }
    }

    private static Process start(Path own, Path place, MountTalk talk) throws IOException {
        var command = new ArrayList<>(
                List.of("unshare", "--user", "--map-root-user", "--mount", "--propagation", "slave", "--"));
        command.addAll(List.of(
                "sh",
                own.resolve(SCRIPT).toString(),
                place.toString(),
                own.resolve("fstab").toString(),
                own.resolve("log").toString(),
                talk.ask().toString(),
                talk.answer().toString()));
        command.addAll(MergedTree.SHOWN);
        return startQuietly(command);
    }

    private static Process startQuietly(List<String> command) throws IOException {
        return StartGate.start(new ProcessBuilder(command)
                .redirectInput(new File("/dev/null"))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)::start);
    }

    private FuseServer serve(
            MountTalk talk, Process script, MergedTree merged, NodeChanges changes, FuseClients clients)
            throws IOException {
        String line = talk.read(script);
        if (!line.equals("serve")) {
            throw new VfioException(Errno.EPERM, "a FUSE file system cannot be mounted in a user namespace");
        }
        int pidfd = LinuxPidfd.open((int) script.pid());
        if (pidfd < 0) {
            throw new VfioException(Errno.of(-pidfd), "process " + script.pid() + " has ended");
        }
        try {
            int fd = LinuxPidfd.getfd(pidfd, FUSE_DESCRIPTOR);
            if (fd < 0) {
                throw new VfioException(Errno.of(-fd), "the FUSE descriptor of a child cannot be shared");
            }
            LinuxFiles.setNonBlocking(fd);
            var made = new FuseServer(fd, merged, changes, clients, FuseIds.ofRoot(uid, gid));
            made.start();
            talk.go(script);
            return made;
        } finally {
            LinuxFiles.close(pidfd);
        }
    }

    private static Space mounted(MountTalk talk, Process script, Path log) throws IOException {
        String line = talk.read(script);
        if (!line.equals("mounted")) {
            throw new VfioException(Errno.EPERM, String.join("; ", Files.readAllLines(log)));
        }
        return Space.of(script.pid());
    }

    /** Makes sure that a program will get in. */
    private void requireEntry() throws IOException {
        Process trial = startQuietly(enter(List.of("true"), Path.of("/")));
        try {
            if (!trial.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || trial.exitValue() != 0) {
                throw new VfioException(Errno.EPERM, "the namespaces cannot be entered with nsenter(1)");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new VfioException(Errno.EINTR, "interrupted", e);
        } finally {
            trial.destroyForcibly();
        }
    }

    /**
     * How to start a program there.
     *
     * @param directory its working directory
     */
    public List<String> enter(List<String> program, Path directory) {
        String descriptors = "/proc/" + ProcessHandle.current().pid() + "/fd/";
        var command = new ArrayList<>(List.of(
                "nsenter",
                "--preserve-credentials",
                "--user=" + descriptors + space.user,
                "--mount=" + descriptors + space.mount,
                "--",
                "unshare",
                "--user",
                "--map-user=" + uid,
                "--map-group=" + gid));
        if (Files.isDirectory(directory) && Files.isExecutable(directory)) {
            command.add("--wd=" + directory); // entering leads to the root
        }
        command.add("--");
        command.addAll(program);
        return command;
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
        space.close();
        server.close();
    }
}
