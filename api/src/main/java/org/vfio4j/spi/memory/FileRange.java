// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.memory;

import java.nio.file.Path;

/**
 * Where bytes are that another process can map too: part of a file that holds them itself, so that a shared mapping of it
 * and this process' view are the same memory.
 *
 * @param file the file; it can be opened for as long as whoever gave the range away keeps it
 * @param offset of the first byte, a multiple of the base page size
 */
public record FileRange(Path file, long offset) {}
