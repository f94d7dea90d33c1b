// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A place in a machine's files, for errors that people can act on.
 *
 * @param source file name as the user gave it
 * @param line from 1; 0 when the whole file is meant
 * @param column from 1; 0 when the whole line is meant
 */
public record SourcePosition(String source, int line, int column) {
    /** The refusal of what stands here. */
    public VfioException refuse(String sentence) {
        return new VfioException(Errno.EINVAL, this + ": " + sentence);
    }

    /** The form {@code file:line:column}, without what is 0. */
    @Override
    public String toString() {
        return column > 0 ? source + ":" + line + ":" + column : line > 0 ? source + ":" + line : source;
    }
}
