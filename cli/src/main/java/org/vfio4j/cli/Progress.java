// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import java.io.PrintWriter;

/** One line on standard error that says how far a long step is; silent unless a person looks at a terminal. */
final class Progress implements AutoCloseable {
    private static final String ERASE_LINE = "\r\033[K";

    private final PrintWriter err;
    private final boolean shown;
    private boolean dirty;

    @SuppressWarnings("SystemConsoleNull") // it is null in a pipe: the JDK's own console is the default again
    Progress(PrintWriter err) {
        this.err = err;
        var console = System.console();
        this.shown = console != null && console.isTerminal();
    }

    /** Shows a step in place of the one before. */
    void step(int done, int all, String what) {
        if (shown) {
            err.print(ERASE_LINE + "[" + done + "/" + all + "] " + what);
            err.flush();
            dirty = true;
        }
    }

    /** Clears the line, so that something else can be printed. */
    void clear() {
        if (dirty) {
            err.print(ERASE_LINE);
            err.flush();
            dirty = false;
        }
    }

    @Override
    public void close() {
        clear();
    }
}
