package dev.ninepin.guest;

import org.junit.platform.suite.api.IncludeClassNamePatterns;
import org.junit.platform.suite.api.SelectPackages;
import org.junit.platform.suite.api.Suite;

/** The suite of tests under QEMU that need an IOMMU, or a kernel with 9p. */
@Suite
@SelectPackages("dev.ninepin.guest")
@IncludeClassNamePatterns(SecondGuests.CLASSES)
class SecondGuests {
    static final String CLASSES = ".*\\.(IommuDrivers|KernelDriver|VirtioComparison)IT";
}
