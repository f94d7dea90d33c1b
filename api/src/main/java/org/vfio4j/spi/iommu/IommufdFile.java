// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

import org.vfio4j.spi.call.UapiFile;

/** An open {@code /dev/iommu}. Closing it drops the file's own reference to the context. */
public interface IommufdFile extends UapiFile {
    /** The context behind the file. */
    IommufdContext context();
}
