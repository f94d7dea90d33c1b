// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.device;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A sysfs attribute that is a text.
 *
 * @param mode permission bits
 * @param shown what reading gives, newline included; null when it can only be written
 * @param stored takes what was written, newline included; null when it can only be read
 */
public record TextAttribute(
        int mode,
        @Nullable Supplier<String> shown,
        @Nullable Consumer<String> stored) implements DeviceAttribute {
    /** An attribute of one line for reading. */
    public static TextAttribute line(Supplier<String> shown) {
        return new TextAttribute(0444, () -> shown.get() + "\n", null);
    }

    /** An attribute of one line for reading and writing. */
    public static TextAttribute variable(Supplier<String> shown, Consumer<String> stored) {
        return new TextAttribute(0644, () -> shown.get() + "\n", stored);
    }

    /**
     * A number that was written (kernel: {@code kstrtol} with base 0).
     *
     * @throws VfioException EINVAL when it is none
     */
    public static long number(String text) {
        String number = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        try {
            return Long.decode(number);
        } catch (NumberFormatException e) {
            throw new VfioException(Errno.EINVAL, "\"" + number + "\" is no number", e);
        }
    }

    /**
     * A truth value that was written (kernel: {@code kstrtobool}).
     *
     * @throws VfioException EINVAL when it is none
     */
    public static boolean truth(String text) {
        var word = text.toLowerCase(Locale.ROOT);
        if (word.startsWith("y") || word.startsWith("t") || word.startsWith("1") || word.startsWith("on")) {
            return true;
        }
        if (word.startsWith("n") || word.startsWith("f") || word.startsWith("0") || word.startsWith("of")) {
            return false;
        }
        throw new VfioException(Errno.EINVAL, "\"" + text.strip() + "\" is neither yes nor no");
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
    public void write(long position, byte[] bytes) {
        var store = stored;
        if (store == null) {
            throw new VfioException(Errno.EIO, "this attribute can only be read");
        }
        store.accept(new String(bytes, StandardCharsets.ISO_8859_1));
    }
}
