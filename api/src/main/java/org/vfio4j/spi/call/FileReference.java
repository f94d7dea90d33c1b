// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

/**
 * A counted reference to an open file (kernel: {@code struct fd} from {@code fdget}): the file is not released before it
 * is given back, even if another thread closes the descriptor. Whoever needs what is behind the file for longer takes a
 * reference of its own there ({@code IommufdContext.retain}) before giving this one back; an {@link EventFile} keeps
 * working without. Thread-safe.
 */
public interface FileReference extends AutoCloseable {
    /** The file. */
    UapiFile file();

    /** Gives the reference back; to be called exactly once. The last one releases the file. */
    @Override
    void close();
}
