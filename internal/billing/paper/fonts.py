# Makes the fonts of our printed pages from Public Sans 2.001: the two weights with a narrow no-break space, and of each a small one for
# columns of amounts, whose figures have one width. Layout tables go: the PDF writer reads none. The sources are in the npm package
# @expo-google-fonts/public-sans 0.4.2, fontTools in Debian's python3-fonttools:
#   python3 fonts.py package/400Regular/PublicSans_400Regular.ttf package/600SemiBold/PublicSans_600SemiBold.ttf
import sys
from fontTools.ttLib import TTFont
from fontTools import subset
from fontTools.ttLib.tables._g_l_y_f import Glyph

FIGURES = [ord(c) for c in '0123456789,.-−+%€ \u00a0\u202f/']


def make(src, dst, columns):
    t = TTFont(src)
    tabular = {}
    gsub = t['GSUB'].table
    for r in gsub.FeatureList.FeatureRecord:
        if r.FeatureTag == 'tnum':
            for i in r.Feature.LookupListIndex:
                for st in gsub.LookupList.Lookup[i].SubTable:
                    tabular.update(getattr(st, 'ExtSubTable', st).mapping)
    t['glyf']['uni202F'] = Glyph()
    t['hmtx']['uni202F'] = (t['hmtx'][t.getBestCmap()[0x20]][0] * 6 // 10, 0)
    order = [g for g in t.getGlyphOrder() if g != 'uni202F']
    t.setGlyphOrder(order + ['uni202F'])
    for table in t['cmap'].tables:
        if table.isUnicode():
            table.cmap[0x202F] = 'uni202F'
            if columns:
                table.cmap.update({u: tabular[g] for u, g in table.cmap.items() if g in tabular})
    for tag in ('GSUB', 'GPOS', 'GDEF', 'DSIG', 'STAT'):
        if tag in t:
            del t[tag]
    o = subset.Options()
    o.hinting, o.name_IDs, o.notdef_outline, o.glyph_names = False, ['*'], True, False
    s = subset.Subsetter(o)
    s.populate(unicodes=FIGURES if columns else sorted(t.getBestCmap()))
    s.subset(t)
    t.save(dst)


for src, name in zip(sys.argv[1:], ('PublicSans-Regular', 'PublicSans-SemiBold')):
    make(src, name + '.ttf', False)
    make(src, name + '-Figures.ttf', True)
