// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The expansion ROM as a region: an image behind a register, or a copy the firmware left. Spec: pci §7.3, §10.5. */
final class RomRegion {
    private final PciFunction function;
    private final DeviceMemory memory;

    RomRegion(PciFunction function, DeviceMemory memory) {
        this.function = function;
        this.memory = memory;
    }

    /** What the ROM register decodes, or the firmware copy's size as a register would; 0 without ROM. */
    static long length(PciFunction function) {
        var resource = function.resource(PciFunction.ROM);
        if (resource.present()) {
            return resource.length();
        }
        var copy = function.romImage();
        return copy == null || copy.byteSize() == 0 ? 0 : Long.highestOneBit(copy.byteSize() * 2 - 1);
    }

    /** Size of the region: 0 unless there is a valid image. */
    long size() {
        return function.romImage() == null ? 0 : length(function);
    }

    /** Reads; what the image does not fill reads all ones. */
    long read(long offset, MemorySegment target) {
        long length = length(function);
        if (length == 0 || offset >= length) {
            throw new VfioException(
                    Errno.EINVAL,
                    function.name() + ": no ROM byte 0x" + Long.toHexString(offset) + ", the ROM has " + length);
        }
        boolean register = function.resource(PciFunction.ROM).present();
        long count = Math.min(target.byteSize(), length - offset);
        memory.enterRead();
        try {
            var image = function.romImage();
            if (image == null || (register && !memory.accessible())) {
                throw new VfioException(
                        Errno.ENOMEM,
                        function.name() + ": no ROM image can be seen"
                                + (memory.accessible() ? "" : " while memory decoding is off"));
            }
            long present = Math.max(0, Math.min(count, image.byteSize() - offset));
            if (present > 0) {
                MemorySegment.copy(image, offset, target, 0, present);
            }
            target.asSlice(present, count - present).fill((byte) 0xff);
        } finally {
            memory.leaveRead();
        }
        return count;
    }
}
