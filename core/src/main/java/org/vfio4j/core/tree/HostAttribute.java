// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.spi.host.DeviceAttribute;

/**
 * An attribute that the host answers.
 *
 * @param attribute the host's
 */
record HostAttribute(DeviceAttribute attribute) implements VirtualTree.Attribute {
    @Override
    public int mode() {
        return attribute.mode();
    }

    @Override
    public boolean binary() {
        return attribute.binary();
    }

    @Override
    public long size() {
        return attribute.size();
    }

    @Override
    public byte[] read() {
        return attribute.read();
    }

    @Override
    public void write(Caller caller, long position, byte[] bytes) {
        attribute.write(position, bytes);
    }
}
