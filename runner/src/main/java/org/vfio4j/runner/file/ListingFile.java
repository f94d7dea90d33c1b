// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A directory of the tree that the program has open: an ordinary folder with the same names, which the program lists without help.
 * It shows what there was when it was opened.
 *
 * @param tree the tree
 * @param path where the directory is in it
 * @param directory the directory
 */
public record ListingFile(VirtualTree tree, String path, VirtualTree.Directory directory) implements UapiFile {
    void fill(Path folder) throws IOException {
        Files.createDirectory(folder);
        for (String name : directory.names()) {
            Optional<VirtualTree.Node> node = tree.find(path + "/" + name);
            if (node.isPresent()) {
                Path entry = folder.resolve(name);
                switch (node.get()) {
                    case VirtualTree.Directory below -> Files.createDirectory(entry);
                    case VirtualTree.Link link -> Files.createSymbolicLink(entry, Path.of(link.target()));
                    case VirtualTree.Attribute attribute -> Files.createFile(entry);
                    case VirtualTree.Device device -> Files.createFile(entry);
                }
            }
        }
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, "a directory has no ioctl 0x" + Integer.toHexString(command));
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
