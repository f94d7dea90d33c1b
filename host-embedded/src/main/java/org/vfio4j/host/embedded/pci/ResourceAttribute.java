// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A register's address range (attribute {@code resourceN}): its size is what most programs look at. Memory can only be
 * mapped, which sysfs of this machine does not offer; ports can be written one access at a time.
 *
 * @param function whose it is
 * @param index the register
 */
record ResourceAttribute(EmbeddedFunction function, int index) implements DeviceAttribute {
    @Override
    public int mode() {
        return 0600;
    }

    @Override
    public boolean binary() {
        return true;
    }

    @Override
    public long size() {
        return function.resource(index).length();
    }

    @Override
    public byte[] read() {
        throw new VfioException(
                Errno.EIO, "resource" + index + " of " + function.name() + " cannot be read without a position");
    }

    @Override
    public void write(long position, byte[] bytes) {
        var resource = function.resource(index);
        if (resource.kind() != PciResource.Kind.IO) {
            throw new VfioException(
                    Errno.EIO, "resource" + index + " of " + function.name() + " is memory and cannot be written");
        }
        int size = bytes.length;
        if ((size != 1 && size != 2 && size != 4)
                || position < 0
                || position % size != 0
                || position > resource.length() - size) {
            throw new VfioException(
                    Errno.EINVAL,
                    "write of " + size + " bytes at port " + position + " of resource" + index + " of "
                            + function.name() + " refused: ports take 1, 2 or 4 aligned bytes");
        }
        function.writeBar(index, position, size, LittleEndian.get(bytes, 0, size) & 0xffff_ffffL);
    }
}
