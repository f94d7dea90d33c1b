// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

/** A file whose real file holds bytes from the beginning. */
interface FilledFile {
    byte[] initialContent();
}
