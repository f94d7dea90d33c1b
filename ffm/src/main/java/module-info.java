// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * Linux system calls through the FFM API. The only module with a {@link java.lang.foreign.Linker}, hence the only one that
 * needs {@code --enable-native-access}.
 */
@NullMarked
module org.vfio4j.ffm {
    requires static org.jspecify;

    exports org.vfio4j.ffm;
}
