// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

import java.util.List;
import java.util.Optional;

/**
 * The nodes and attributes a program sees of VFIO and its devices: the parts of {@code /dev} and {@code /sys} that the
 * running machine has. Doors present it; nothing in it is cached, every look-up answers for now. Thread-safe.
 * Spec: core §2.
 */
public interface VirtualTree {
    /**
     * What is at a path; links are not followed.
     *
     * @param path absolute, without {@code .} and {@code ..} and without a trailing slash
     */
    Optional<Node> find(String path);

    /**
     * What is at a path in the end: links are followed, in its middle too (kernel: path resolution without
     * {@code O_NOFOLLOW}).
     *
     * @param path absolute; {@code .}, {@code ..} and empty components are allowed
     */
    Optional<Node> resolve(String path);

    /** Directories at whose paths the tree stands alone: nothing of the real system shows through below them. */
    List<String> roots();

    /** Something with a path. */
    sealed interface Node permits Directory, Link, Attribute, Device {}

    /** A directory. */
    non-sealed interface Directory extends Node {
        /** Names in it, sorted. */
        List<String> names();
    }

    /** A symbolic link. */
    non-sealed interface Link extends Node {
        /** Its text: relative to the directory it is in, or absolute. */
        String target();
    }

    /** A small file (kernel: {@code struct attribute}). */
    non-sealed interface Attribute extends Node {
        /** Permission bits, for example 0644. */
        int mode();

        /** Whether it is bytes at positions, made anew at every read, instead of a text that is read from its beginning. */
        default boolean binary() {
            return false;
        }

        /** Size as {@code stat} tells it: a page for a text attribute, whatever is in it; the true size of a binary one. */
        default long size() {
            return 4096;
        }

        /**
         * All of its bytes as they are now.
         *
         * @throws org.vfio4j.uapi.VfioException EIO when it cannot be read, or the attribute's errno
         */
        byte[] read();

        /**
         * Writes: a text attribute takes the whole text in one call, a binary one takes bytes at a position.
         *
         * @throws org.vfio4j.uapi.VfioException EIO when it cannot be written, or the attribute's errno
         */
        void write(Caller caller, long position, byte[] bytes);
    }

    /** A character device node. */
    non-sealed interface Device extends Node {
        /** Permission bits, for example 0600. */
        int mode();

        /** Major number. */
        int major();

        /** Minor number. */
        int minor();

        /**
         * Opens it.
         *
         * @throws org.vfio4j.uapi.VfioException what its open answers
         */
        UapiFile open(Caller caller);
    }
}
