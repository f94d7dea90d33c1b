// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.runner.notify.Call;

/** Links of {@code /proc} that say what a process has open or where it is. */
public final class ProcLinks {
    private ProcLinks() {}

    /** A link's text, which is left in {@link Call#link} too; empty when there is no such link. */
    public static Optional<String> read(Call call, String path) {
        try (var arena = Arena.ofConfined()) {
            long length = LinuxPaths.readlinkat(LinuxPaths.AT_FDCWD, arena.allocateFrom(path), call.link());
            return length <= 0
                    ? Optional.empty()
                    : Optional.of(new String(
                            call.link().asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
        }
    }
}
