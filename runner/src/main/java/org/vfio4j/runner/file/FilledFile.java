// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

/** A file whose real file holds bytes from the beginning, so that it can be read where that is not seen. */
public interface FilledFile {
    /** The bytes. */
    byte[] initialContent();
}
