// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.path;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The place onto which a real file, node or socket is mounted. It has the kind of what will be there, since whoever lists the
 * directory is told the kind of the place.
 *
 * @param kind {@code S_IFMT} part of the real mode
 */
public record RealPlace(int kind) implements VirtualTree.Attribute {
    @Override
    public int mode() {
        return 0;
    }

    @Override
    public byte[] read() {
        throw new VfioException(Errno.EIO, "the real file is not mounted");
    }

    @Override
    public void write(Caller caller, long position, byte[] bytes) {
        throw new VfioException(Errno.EIO, "the real file is not mounted");
    }
}
