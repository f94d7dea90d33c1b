// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Where a machine's files are: a folder, or this module's resources. Refusals are one sentence with the file's name. */
public interface MachineSource {
    /** Largest file read, in bytes. */
    long LARGEST = 32L << 20;

    /**
     * The text of a file.
     *
     * @param name relative to the machine
     * @throws VfioException ENOENT when there is none, EIO when it cannot be read, EINVAL when it is too large
     */
    String text(String name);

    /** How a file is called in messages. */
    String display(String name);

    /** Files of a folder. */
    static MachineSource folder(Path folder) {
        return new MachineSource() {
            @Override
            public String text(String name) {
                return read(folder.resolve(name));
            }

            @Override
            public String display(String name) {
                return folder.resolve(name).toString();
            }
        };
    }

    /** The built-in machine's files. */
    static MachineSource builtIn() {
        return new MachineSource() {
            @Override
            public String text(String name) {
                try (InputStream in = MachineSource.class.getResourceAsStream(name)) {
                    if (in == null) {
                        throw new VfioException(Errno.ENOENT, display(name) + ": there is no such file");
                    }
                    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                } catch (IOException e) {
                    throw new VfioException(Errno.EIO, display(name) + ": cannot be read: " + e.getMessage(), e);
                }
            }

            @Override
            public String display(String name) {
                return "built-in " + name;
            }
        };
    }

    private static String read(Path file) {
        try {
            if (Files.isDirectory(file)) {
                throw new VfioException(Errno.EINVAL, file + ": this is a folder, not a file");
            }
            if (Files.size(file) > LARGEST) {
                throw new VfioException(
                        Errno.EINVAL, file + ": larger than " + (LARGEST >> 20) + " MiB, no machine needs that much");
            }
            // Malformed bytes become replacement characters, which the parser then refuses with their line.
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            throw new VfioException(Errno.ENOENT, file + ": there is no such file", e);
        } catch (IOException e) {
            throw new VfioException(Errno.EIO, file + ": cannot be read: " + e, e);
        }
    }
}
