// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A native program to run.
 *
 * @param command the program, looked for on the {@code PATH} if it has no slash, and its arguments
 * @param trace gets one line for each call that concerns the machine; called by several threads
 * @param sys how it gets to see the machine's parts of {@code /sys} and {@code /dev}
 */
public record ProgramOptions(List<String> command, Optional<Consumer<String>> trace, SysView sys) {
    /** Copies the list. */
    public ProgramOptions {
        command = List.copyOf(command);
    }

    /** A program without trace. */
    public static ProgramOptions of(String... command) {
        return new ProgramOptions(List.of(command), Optional.empty(), SysView.AUTO);
    }
}
