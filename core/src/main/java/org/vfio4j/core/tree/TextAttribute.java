// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An attribute that is a text.
 *
 * @param mode permission bits
 * @param shown what reading gives; null when it cannot be read
 * @param stored what writing does with the text, which may end with a newline; null when it cannot be written
 */
record TextAttribute(
        int mode,
        @Nullable Supplier<String> shown,
        @Nullable Consumer<String> stored) implements VirtualTree.Attribute {
    /** An attribute for reading. */
    static TextAttribute readable(Supplier<String> shown) {
        return new TextAttribute(0444, shown, null);
    }

    /** An attribute that does something when it is written. */
    static TextAttribute action(int mode, Consumer<String> stored) {
        return new TextAttribute(mode, null, stored);
    }

    /** An attribute for reading and writing. */
    static TextAttribute variable(Supplier<String> shown, Consumer<String> stored) {
        return new TextAttribute(0644, shown, stored);
    }

    @Override
    public byte[] read() {
        var show = shown;
        if (show == null) {
            throw new VfioException(Errno.EIO, "this attribute can only be written");
        }
        return show.get().getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void write(Caller caller, long position, byte[] bytes) {
        var store = stored;
        if (store == null) {
            throw new VfioException(Errno.EIO, "this attribute can only be read");
        }
        // Texts are taken whole: what is written later in the file is a text of its own (kernel: kernfs with sysfs
        // ops).
        store.accept(new String(bytes, StandardCharsets.ISO_8859_1));
    }

    /** A written text as the kernel compares it: one newline at the end does not count ({@code sysfs_streq}). */
    static String line(String text) {
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }
}
