// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Configuration space as sysfs gives it to a privileged reader (attribute {@code config}).
 *
 * @param function whose it is
 */
record ConfigAttribute(EmbeddedFunction function) implements DeviceAttribute {
    @Override
    public int mode() {
        return 0644;
    }

    @Override
    public boolean binary() {
        return true;
    }

    @Override
    public long size() {
        return function.configSize();
    }

    @Override
    public byte[] read() {
        byte[] bytes = new byte[function.configSize()];
        for (int offset = 0; offset < bytes.length; offset += 4) {
            LittleEndian.put(bytes, offset, 4, function.readConfig(offset, 4));
        }
        return bytes;
    }

    /** Bytes up to the first double word, double words, then what is left, as the kernel does it. */
    @Override
    public void write(long position, byte[] bytes) {
        if (position < 0 || position > size() - bytes.length) {
            throw new VfioException(
                    Errno.EFBIG,
                    "write of " + bytes.length + " bytes at " + position + " refused: configuration space of "
                            + function.name() + " has " + size());
        }
        int offset = (int) position;
        int done = 0;
        while (done < bytes.length) {
            int at = offset + done;
            int left = bytes.length - done;
            int size = at % 4 == 0 && left >= 4 ? 4 : at % 2 == 0 && left >= 2 ? 2 : 1;
            function.writeConfig(at, size, LittleEndian.get(bytes, done, size));
            done += size;
        }
    }
}
